from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import msgspec
import platformdirs
import pytest

from interneg.engines import source
from interneg.engines.manifest import SYSTEM, Manifest, rebuild_command
from interneg.engines.store import (
    EngineKey,
    Figures,
    Made,
    QualificationKey,
    Record,
    Store,
    StoredEngine,
)
from interneg.errors import EngineError, OutputError

KEY = QualificationKey(
    model="tiny", weights="0" * 64, precision="fp32", runtime="openvino", version="1", device="CPU",
    system="Linux x86_64", golden=1,
)  # fmt: skip
RECORD = Record(KEY, "OpenCV", Figures(maximum=1e-6, p999=1e-6, mean=1e-7, psnr=120.0, nans=0))


def test_a_record_comes_back(store: Store) -> None:
    assert store.find(KEY) is None
    path = store.publish(RECORD)
    assert path is not None and path.parent == store.folders[0]
    assert store.find(KEY) == RECORD
    assert [p.name for p in path.parent.iterdir()] == [KEY.file], "no temporary file is left"


@pytest.mark.parametrize("field", [f for f in QualificationKey.__struct_fields__ if f != "golden"])
def test_a_record_holds_for_its_own_key_only(store: Store, field: str) -> None:
    store.publish(RECORD)
    assert store.find(msgspec.structs.replace(KEY, **{field: "other"})) is None


@pytest.mark.parametrize("damage", ["truncated", "empty", "foreign", "binary", "field"])
def test_a_damaged_record_is_not_trusted(store: Store, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    path = store.publish(RECORD)
    assert path is not None
    data = path.read_bytes()
    path.write_bytes(
        {
            "truncated": data[: len(data) // 2],
            "empty": b"",
            "foreign": data.replace(b'"openvino"', b'"torch"'),
            "binary": b"\xff\xfe\x00",
            "field": data.replace(b'"maximum"', b'"minimum"'),
        }[damage]
    )
    assert store.find(KEY) is None
    assert path.name in caplog.text and "qualified again" in caplog.text


def test_a_list_of_folders_is_read_and_the_first_written(tmp_path: Path, monkeypatch) -> None:
    shared, own = tmp_path / "shared", tmp_path / "own"
    Store([shared]).publish(RECORD)
    monkeypatch.setenv("INTERNEG_ENGINES", f"{own}{os.pathsep}{shared}")
    store = Store()
    assert store.folders[:2] == (own, shared)
    assert store.find(KEY) == RECORD
    store.publish(RECORD)
    assert (own / KEY.file).exists()


def test_the_store_is_in_the_users_cache_by_default(monkeypatch) -> None:
    monkeypatch.delenv("INTERNEG_ENGINES", raising=False)
    assert Store().folders[0].parts[-2:] == ("interneg", "engines") or os.name == "nt"


def test_a_store_that_cannot_be_written_stops_nothing(engines, planes, tmp_path: Path, caplog) -> None:
    (tmp_path / "file").write_text("")
    engine = engines(store=Store([tmp_path / "file" / "store"])).open("tiny")
    assert engine.run(planes(8, 8)).shape == (3, 8, 8)
    assert "cannot be written" in caplog.text


def test_an_engine_is_qualified_once(engines, monkeypatch) -> None:
    calls = []
    real = source.qualify.qualify

    def counted(*arguments):
        calls.append(arguments[2])
        return real(*arguments)

    monkeypatch.setattr(source.qualify, "qualify", counted)
    engines(precision="fp32").open("tiny")
    engines(precision="fp32").open("tiny")
    assert calls == ["fp32"]


def test_an_engine_that_failed_is_not_recorded(write, store: Store) -> None:
    folder = write("tiny", last="Sqrt")
    for _ in range(2):
        with pytest.raises(EngineError, match="the fp32 reference itself gives NaN"):
            source.Engines(runtime="openvino", precision="fp32", folders=[folder], store=store).open("tiny")
    assert not store.folders[0].exists()


# Built engines

ENGINE = EngineKey(
    model="tiny", weights="0" * 64, precision="fp16", profile="hd", shapes="64x64 1152x2048 1152x2048",
    runtime="tensorrt", version="10.13.0", target="sm89 NVIDIA L4", system=SYSTEM,
)  # fmt: skip
MADE = Made(interneg="0.1.0", driver="570.86", cuda="12.8", seconds=41.5, at="2026-11-24T12:00:00Z",
            islands=("w1", "w3"), reference="OpenCV", figures=RECORD.figures)  # fmt: skip
BLOB = bytes(range(256)) * 400


def put(store: Store, blob: bytes = BLOB, key: EngineKey = ENGINE, force: bool = False) -> StoredEngine:
    return store.build(key, lambda: (blob, MADE), force=force)


def blob_of(found: StoredEngine) -> Path:
    return found.path.parent / found.manifest.file


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def visible(folder: Path) -> list[str]:
    """The names in a folder but for lock files, which stay."""
    return [name for name in names(folder) if not name.endswith(".lock")]


def never() -> tuple[bytes, Made]:
    raise AssertionError("nothing had to be made")


def sealed(manifest: Manifest, **changes: object) -> bytes:
    """A manifest forged with a seal that fits."""
    raw = msgspec.to_builtins(msgspec.structs.replace(manifest, **changes))
    rest = {name: value for name, value in raw.items() if name != "seal"}
    raw["seal"] = hashlib.sha256(msgspec.json.encode(rest, order="deterministic")).hexdigest()
    return msgspec.json.encode(raw)


def test_an_engine_comes_back(store: Store) -> None:
    assert store.engine(ENGINE) is None
    found = put(store)
    assert store.engine(ENGINE) == found
    assert found.manifest.key == ENGINE and found.manifest.made == MADE
    assert found.manifest.sha256 == hashlib.sha256(BLOB).hexdigest()
    assert found.manifest.sha256[:12] in found.manifest.file
    assert store.read(found) == BLOB
    assert store.build(ENGINE, never) == found
    assert visible(store.folders[0]) == sorted([found.path.name, found.manifest.file])


def test_others_can_read_what_one_user_publishes(store: Store) -> None:
    before = os.umask(0o022)
    try:
        found, record = put(store), store.publish(RECORD)
    finally:
        os.umask(before)
    assert record is not None
    for path in (found.path, blob_of(found), record):
        assert path.stat().st_mode & 0o777 == 0o644, path


@pytest.mark.parametrize("field", EngineKey.__struct_fields__)
def test_an_engine_holds_for_its_own_key_only(store: Store, field: str) -> None:
    put(store)
    other = msgspec.structs.replace(ENGINE, **{field: "other"})
    assert store.engine(other) is None
    assert other.stem != ENGINE.stem


@pytest.mark.parametrize("word", ["../../etc/x", "a b/c\\d:e*?", "ü" * 300, ".hidden", "x" * 300, ""])
def test_a_stem_is_safe_as_a_file_name(store: Store, word: str) -> None:
    key = msgspec.structs.replace(ENGINE, model=word, target=word)
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}", key.stem)
    assert store.read(put(store, key=key)) == BLOB
    assert [entry.key for entry in store.entries()] == [key]


def test_the_name_says_what_it_is() -> None:
    assert ENGINE.stem.startswith("tiny-fp16-hd-sm89-NVIDIA-L4-")


def test_the_command_that_rebuilds() -> None:
    assert rebuild_command(ENGINE) == (
        "build_engines.py --models tiny --precisions fp16 --profiles hd --targets current --runtime tensorrt"
    )
    rtx = msgspec.structs.replace(ENGINE, runtime="tensorrt-rtx", target="portable")
    assert rebuild_command(rtx).endswith("--targets portable --runtime tensorrt-rtx")
    compatible = msgspec.structs.replace(ENGINE, options="version-compatible")
    assert rebuild_command(compatible).endswith(" --version-compatible")


def damaged(store: Store, damage: str) -> StoredEngine:
    """An engine damaged in a way that `engine` notices."""
    found = put(store)
    path, blob, text = found.path, blob_of(found), found.path.read_text()
    other = msgspec.structs.replace(ENGINE, model="other")
    match damage:
        case "edited":
            path.write_text(text.replace("570.86", "570.87"))
        case "binary":
            path.write_bytes(b"\xff\xfe\x00")
        case "empty":
            path.write_bytes(b"")
        case "half":
            path.write_text(text[: len(text) // 2])
        case "no manifest":
            path.write_text("[1, 2]")
        case "nested":
            path.write_text("[" * 100_000)
        case "no seal":
            path.write_text(msgspec.json.encode({"key": 1}).decode())
        case "another key":
            path.write_bytes(put(store, key=other).path.read_bytes())
        case "a path":
            outside = store.folders[0].parent / "outside.engine"
            outside.write_bytes(BLOB)
            path.write_bytes(sealed(found.manifest, file="../outside.engine"))
        case "another's blob":
            path.write_bytes(sealed(found.manifest, file=put(store, key=other).manifest.file))
        case "another version":
            raw = msgspec.json.decode(path.read_bytes()) | {"colour": "blue"}
            raw["seal"] = hashlib.sha256(
                msgspec.json.encode({k: v for k, v in raw.items() if k != "seal"}, order="deterministic")
            ).hexdigest()
            path.write_bytes(msgspec.json.encode(raw))
        case "missing":
            blob.unlink()
        case "truncated":
            blob.write_bytes(BLOB[:-1])
        case "longer":
            blob.write_bytes(BLOB + b"0")
        case "a folder":
            path.unlink()
            path.mkdir()
    return found


DAMAGES = {
    "edited": ("tampered", "its seal does not fit"),
    "binary": ("unreadable", "no JSON"),
    "empty": ("unreadable", "no JSON"),
    "half": ("unreadable", "no JSON"),
    "nested": ("unreadable", "no JSON"),
    "no manifest": ("unreadable", "no manifest"),
    "no seal": ("unreadable", "no manifest"),
    "another key": ("tampered", "about another engine"),
    "a path": ("tampered", "names '../outside.engine'"),
    "another's blob": ("tampered", "not a blob of its own"),
    "another version": ("foreign", "another version of Interneg"),
    "missing": ("truncated", "is missing"),
    "truncated": ("truncated", f"has {len(BLOB) - 1} bytes, not {len(BLOB)}"),
    "longer": ("tampered", f"has {len(BLOB) + 1} bytes, not {len(BLOB)}"),
    "a folder": ("unreadable", "Is a directory"),
}


@pytest.mark.parametrize("damage", [d for d in DAMAGES])
def test_a_damaged_engine_is_refused_by_name(store: Store, damage: str, caplog) -> None:
    state, reason = DAMAGES[damage]
    found = damaged(store, damage)
    with pytest.raises(EngineError) as refusal:
        store.engine(ENGINE)
    message = str(refusal.value)
    assert str(found.path) in message and reason in message and rebuild_command(ENGINE) in message
    assert str(found.path) in caplog.text and reason in caplog.text
    assert "Error:" not in caplog.text and "ERROR" not in caplog.text
    assert [entry.state for entry in store.entries() if entry.path == found.path] == [state]
    if damage != "a folder":
        assert store.read(put(store, b"new")) == b"new", "it can be built again without more ado"


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_search_goes_on_after_a_damaged_engine(tmp_path: Path, damage: str, caplog) -> None:
    first, second = Store([tmp_path / "first"]), Store([tmp_path / "second"])
    damaged(first, damage)
    good = put(second)
    assert Store([tmp_path / "first", tmp_path / "none", tmp_path / "second"]).engine(ENGINE) == good
    assert DAMAGES[damage][1] in caplog.text


@pytest.mark.parametrize("damage", ["truncated", "missing", "flipped"])
def test_a_blob_that_is_not_the_manifests_is_never_returned(store: Store, damage: str) -> None:
    found = put(store)
    blob = blob_of(found)
    if damage == "missing":
        blob.unlink()
    else:
        blob.write_bytes(BLOB[:-1] if damage == "truncated" else BLOB[:-1] + b"x")
    with pytest.raises(EngineError) as refusal:
        store.read(found)
    assert found.manifest.file in str(refusal.value) and rebuild_command(ENGINE) in str(refusal.value)


def test_a_tampered_blob_is_built_again(store: Store) -> None:
    found = put(store)
    blob_of(found).write_bytes(BLOB[:-1] + b"x")
    assert store.engine(ENGINE) == found, "its size fits"
    assert store.read(put(store, b"new")) == b"new"


def test_a_tampered_blob_in_a_read_only_store_gives_way_to_the_overlay(
    tmp_path: Path, monkeypatch, caplog
) -> None:
    farm, own = tmp_path / "farm", tmp_path / "own"
    found = put(Store([farm]))
    blob_of(found).write_bytes(BLOB[:-1] + b"x")
    store = Store([farm, own])
    read_only(monkeypatch, farm)
    built = put(store, b"new")
    assert built.path.parent == own
    first = store.engine(ENGINE)
    assert first is not None and first.path == found.path, "by its size it is whole"
    assert store.read(first) == b"new"
    assert found.manifest.file in caplog.text


def test_an_engine_that_is_rebuilt_while_it_is_read(store: Store) -> None:
    found = put(store)
    put(store, b"new", force=True)
    assert not blob_of(found).exists(), "the old blob is not left lying"
    assert store.read(found) == b"new"


def test_an_engine_that_is_rebuilt_while_it_is_looked_for(store: Store, monkeypatch) -> None:
    put(store)
    real = Path.read_bytes
    rebuilt = []

    def late(self: Path) -> bytes:
        data = real(self)
        if self.name.endswith(".manifest.json") and not rebuilt:
            rebuilt.append(True)
            put(store, b"new", force=True)
        return data

    monkeypatch.setattr(Path, "read_bytes", late)
    found = store.engine(ENGINE)
    assert found is not None and found.manifest.size == 3


def test_a_rebuild_of_the_same_bytes_does_not_touch_the_blob_in_use(store: Store) -> None:
    first = put(store)
    with blob_of(first).open("rb") as reader:
        second = put(store, force=True)
        assert reader.read() == BLOB
    assert second.manifest.sha256 == first.manifest.sha256 and second.manifest.file != first.manifest.file
    assert store.read(second) == BLOB


def test_what_make_raises_comes_through_and_leaves_nothing(store: Store) -> None:
    def fails() -> tuple[bytes, Made]:
        raise EngineError("no kernel for this layer")

    with pytest.raises(EngineError, match="no kernel"):
        store.build(ENGINE, fails)
    assert visible(store.folders[0]) == []
    assert store.read(put(store)) == BLOB


def test_an_engine_that_cannot_be_described_never_replaces_one(store: Store) -> None:
    found = put(store)
    nameless = msgspec.structs.replace(MADE, seconds=float("nan"))
    with pytest.raises(EngineError, match="cannot be described"):
        store.build(ENGINE, lambda: (b"new", nameless), force=True)
    assert store.engine(ENGINE) == found and store.read(found) == BLOB


# Folders


def read_only(monkeypatch, folder: Path) -> None:
    """Make every writing in a folder fail, for root as well."""

    def refusing(real, opens=False):
        def call(path, *arguments, **options):
            reads = opens and not set("wxa+") & set(str((*arguments, *options.values(), "r")[0]))
            if isinstance(path, str | Path) and Path(path).is_relative_to(folder) and not reads:
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
            return real(path, *arguments, **options)

        return call

    monkeypatch.setattr(io, "open", refusing(io.open, opens=True))
    for name in ("replace", "unlink", "mkdir"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))


@pytest.fixture
def own(tmp_path: Path, monkeypatch) -> Path:
    """The user's cache folder of engines."""
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path / "cache"))
    return tmp_path / "cache" / "engines"


def test_the_users_own_folder_is_always_the_last(tmp_path: Path, own: Path, monkeypatch) -> None:
    farm = tmp_path / "farm"
    monkeypatch.setenv("INTERNEG_ENGINES", str(farm))
    assert Store().folders == (farm, own)
    monkeypatch.setenv("INTERNEG_ENGINES", f"{own}{os.pathsep}{farm}")
    assert Store().folders == (own, farm), "unless it is listed already"
    assert Store([farm]).folders == (farm,), "or folders are given"


def test_a_share_that_is_not_mounted_is_not_made(tmp_path: Path, own: Path, monkeypatch) -> None:
    farm = tmp_path / "mnt" / "farm" / "engines"
    monkeypatch.setenv("INTERNEG_ENGINES", str(farm))
    store = Store()
    with pytest.raises(OutputError, match="farm: mount the share, or make the folder"):
        put(store)
    assert store.publish(RECORD) is not None, "records go to the user's own folder"
    assert not (tmp_path / "mnt").exists()
    farm.parent.mkdir(parents=True)
    assert put(store).path.parent == farm


def test_a_tilde_is_the_home(tmp_path: Path, own: Path, monkeypatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("INTERNEG_ENGINES", "~/engines")
    assert Store().folders == (tmp_path / "engines", own)
    assert Store(["~/other"]).folders == (tmp_path / "other",)


@pytest.mark.parametrize("how", ["below a file", "/proc", "read-only"])
def test_a_read_only_store_gets_an_overlay(tmp_path: Path, own: Path, monkeypatch, caplog, how: str) -> None:
    (tmp_path / "file").write_text("")
    farm = {"below a file": tmp_path / "file" / "store", "/proc": Path("/proc/interneg")}.get(how, tmp_path)
    if how == "read-only":
        farm = tmp_path / "farm"
        shared = put(Store([farm]))
        read_only(monkeypatch, farm)
    monkeypatch.setenv("INTERNEG_ENGINES", str(farm))
    store = Store()
    caplog.set_level("INFO")
    assert store.target_folder() == own
    assert str(farm) in caplog.text
    if how == "read-only":
        assert store.build(ENGINE, never) == shared, "what is there is used"
    other = msgspec.structs.replace(ENGINE, model="other")
    built = put(store, key=other)
    assert built.path.parent == own and store.engine(other) == built and store.read(built) == BLOB
    record = store.publish(RECORD)
    assert record is not None and record.parent == own and store.find(KEY) == RECORD
    store.write_cache(other, "NVIDIA L4", b"kernels")
    assert store.read_cache(other, "NVIDIA L4") == b"kernels"


def test_a_valid_engine_is_found_where_nothing_can_be_written(tmp_path: Path, monkeypatch) -> None:
    store = Store([tmp_path / "farm"])
    found = put(store)
    read_only(monkeypatch, tmp_path / "farm")
    assert store.build(ENGINE, never) == found


def test_a_forced_build_behind_a_read_only_store_says_that_it_is_not_used(
    tmp_path: Path, monkeypatch, caplog
) -> None:
    shared = put(Store([tmp_path / "farm"]))
    read_only(monkeypatch, tmp_path / "farm")
    put(Store([tmp_path / "farm", tmp_path / "own"]), b"new", force=True)
    assert f"{shared.path} comes first" in caplog.text


def test_no_folder_that_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    folders = [tmp_path / "file" / "a", Path("/proc/interneg")]
    store = Store(folders)
    with pytest.raises(OutputError) as refusal:
        store.target_folder()
    assert all(str(folder) in str(refusal.value) for folder in folders)
    assert refusal.value.exit_code == 6
    assert store.engine(ENGINE) is None
    with pytest.raises(OutputError):
        store.build(ENGINE, never)


@pytest.mark.parametrize("present", [False, True], ids=["new", "rebuild"])
@pytest.mark.parametrize(("call", "number"), [("fsync", 1), ("replace", 1), ("fsync", 3), ("replace", 2)])
def test_a_full_disk_at_any_step_leaves_nothing_torn(
    store: Store, monkeypatch, call: str, number: int, present: bool
) -> None:
    before = put(store) if present else None
    left = visible(store.folders[0]) if present else []
    real, calls = getattr(os, call), []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) == number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments)

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OutputError) as refusal:
        put(store, b"new", force=True)
    assert str(store.folders[0]) in str(refusal.value) and "No space left" in str(refusal.value)
    assert visible(store.folders[0]) == left
    assert store.engine(ENGINE) == before


def child(code: str, *arguments: object, **options) -> subprocess.Popen[str]:
    """A process that runs `code` with `store`, `key` and `made` at hand, as far as possible from pytest."""
    head = f"""
import os, sys, time
import msgspec
from interneg.engines.store import EngineKey, Made, Store
store = Store([sys.argv[1]])
key = msgspec.json.decode({msgspec.json.encode(ENGINE)!r}, type=EngineKey)
made = msgspec.json.decode({msgspec.json.encode(MADE)!r}, type=Made)
"""
    command = [sys.executable, "-c", head + code, *map(str, arguments)]
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


@pytest.mark.skipif(os.name == "nt", reason="needs resource limits")
def test_a_disk_without_room_for_the_blob(store: Store) -> None:
    code = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    store.build(key, lambda: (bytes(100_000), made))
except Exception as error:
    print(type(error).__name__, error)
"""
    out, err = child(code, store.folders[0]).communicate(timeout=60)
    assert out.startswith("OutputError"), err
    assert str(store.folders[0]) in out and "100000 bytes" in out
    assert visible(store.folders[0]) == []


# Many processes

BUILD = """
from interneg.engines import files
if "lockless" in sys.argv:
    def acquire(self, *arguments, **options):
        raise OSError(37, "No locks available")
    files.FileLock.acquire = acquire
def make():
    with open(sys.argv[2], "a") as log:
        log.write("made\\n")
    time.sleep(0.3)
    return str(os.getpid()).encode() * 50_000, made
print("ready", flush=True)
sys.stdin.readline()
found = store.build(key, make)
data = store.read(found)
pid = data[: len(data) // 50_000]
print(pid.decode(), data == pid * 50_000, flush=True)
"""


@pytest.mark.parametrize("locks", ["locks", "lockless"])
def test_eight_processes_build_one_engine(store: Store, tmp_path: Path, locks: str) -> None:
    builders = [child(BUILD, store.folders[0], tmp_path / "made", locks) for _ in range(8)]
    for builder in builders:
        assert builder.stdout is not None and builder.stdout.readline() == "ready\n"
    results = []
    for builder in builders:
        assert builder.stdin is not None
        builder.stdin.write("go\n")
        builder.stdin.flush()
    for builder in builders:
        out, err = builder.communicate(timeout=120)
        assert builder.returncode == 0, err
        assert ("cannot be locked, going on without it" in err) == (locks == "lockless")
        results.append(out.split())
    assert all(whole == "True" for _, whole in results)
    pids = {str(builder.pid) for builder in builders}
    assert {pid for pid, _ in results} <= pids
    made = len((tmp_path / "made").read_text().split())
    if locks == "locks":
        assert made == 1 and len({pid for pid, _ in results}) == 1
        assert len(visible(store.folders[0])) == 2
    else:
        assert made > 1, "without locks they do not wait for each other"
    found = store.engine(ENGINE)
    assert found is not None and store.read(found)
    assert not [n for n in names(store.folders[0]) if n.endswith(".tmp")]


PUBLISH = """
number = 0
print("ready", flush=True)
while True:
    number += 1
    blob = (b"%d." % (os.getpid() * 1000 + number)) * 40_000
    store.build(key, lambda: (blob, made), force=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_a_killed_builder_leaves_a_valid_store(store: Store) -> None:
    random = Random(1)
    torn, published = 0, set()
    for _ in range(50):
        builder = child(PUBLISH, store.folders[0])
        assert builder.stdout is not None and builder.stdout.readline() == "ready\n"
        time.sleep(random.uniform(0, 0.05))
        builder.kill()
        builder.communicate(timeout=60)
        states = [entry.state for entry in store.entries(thorough=True)]
        assert set(states) <= {"ok", "orphan"} and states.count("ok") <= 1
        torn += "orphan" in states
        found = store.engine(ENGINE)  # raises where there is a manifest without its blob
        if found is not None:
            data = store.read(found)
            assert data == data[: len(data) // 40_000] * 40_000
            published.add(found.manifest.sha256)
        for path in store.folders[0].iterdir():
            os.utime(path, (1, 1))
        store.prune(lambda key: "")
        assert visible(store.folders[0]) == (
            [] if found is None else sorted([found.path.name, found.manifest.file])
        )
        assert store.engine(ENGINE) == found
    assert torn > 5 and len(published) > 5, "the kills came at other moments than those this is about"
    assert store.read(put(store, b"last", force=True)) == b"last", "no lock outlives its process"


@pytest.mark.skipif(os.name == "nt", reason="flock")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK])
def test_a_folder_without_locks_gets_no_lock_that_can_go_stale(
    store: Store, monkeypatch, number: int, caplog
) -> None:
    import fcntl

    def flock(handle: int, operation: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", flock)
    during = []

    def make() -> tuple[bytes, Made]:
        during.extend(path for path in store.folders[0].iterdir() if path.stat().st_size)
        return BLOB, MADE

    assert store.read(store.build(ENGINE, make)) == BLOB
    assert "cannot be locked, going on without it" in caplog.text
    assert not during, "no file says who holds a lock"


def test_waiting_for_another_builder_is_logged(store: Store, caplog) -> None:
    caplog.set_level("INFO")
    started, finish = threading.Event(), threading.Event()

    def slow() -> tuple[bytes, Made]:
        started.set()
        assert finish.wait(60)
        return BLOB, MADE

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(store.build, ENGINE, slow)
        assert started.wait(60)
        second = pool.submit(store.build, ENGINE, never)
        for _ in range(600):
            if "waiting for" in caplog.text:
                break
            time.sleep(0.1)
        assert f".{ENGINE.stem}.lock" in caplog.text and not second.done()
        finish.set()
        assert first.result(60) == second.result(60)


# Caches of TensorRT for RTX


def test_a_cache_comes_back_for_its_engine_and_gpu_only(store: Store, caplog) -> None:
    other = msgspec.structs.replace(ENGINE, version="10.14.0")
    assert store.read_cache(ENGINE, "NVIDIA L4") is None
    store.write_cache(ENGINE, "NVIDIA L4", b"kernels")
    assert store.read_cache(ENGINE, "NVIDIA L4") == b"kernels"
    assert store.read_cache(ENGINE, "NVIDIA T4") is None and store.read_cache(other, "NVIDIA L4") is None
    store.write_cache(ENGINE, "NVIDIA L4", b"")
    assert store.read_cache(ENGINE, "NVIDIA L4") == b""
    assert len(names(store.folders[0])) == 1 and not caplog.text


@pytest.mark.parametrize("damage", ["truncated", "empty", "flipped", "another's"])
def test_a_damaged_cache_is_ignored(store: Store, damage: str, caplog) -> None:
    store.write_cache(ENGINE, "NVIDIA T4", b"other kernels")
    (theirs,) = store.folders[0].iterdir()
    store.write_cache(ENGINE, "NVIDIA L4", b"kernels")
    (path,) = {*store.folders[0].iterdir()} - {theirs}
    data = path.read_bytes()
    path.write_bytes(
        {
            "truncated": data[:-1],
            "empty": b"",
            "flipped": data[:-1] + b"x",
            "another's": theirs.read_bytes(),
        }[damage]
    )
    assert store.read_cache(ENGINE, "NVIDIA L4") is None
    assert path.name in caplog.text and "damaged" in caplog.text


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path: Path, caplog) -> None:
    (tmp_path / "file").write_text("")
    store = Store([tmp_path / "file" / "store"])
    store.write_cache(ENGINE, "NVIDIA L4", b"kernels")
    assert store.read_cache(ENGINE, "NVIDIA L4") is None
    assert "cannot be written" in caplog.text


def test_the_newer_cache_is_read(tmp_path: Path, monkeypatch) -> None:
    farm, own = tmp_path / "farm", tmp_path / "own"
    store = Store([farm, own])
    Store([farm]).write_cache(ENGINE, "NVIDIA L4", b"the farm's, of another driver")
    with monkeypatch.context() as context:
        read_only(context, farm)
        store.write_cache(ENGINE, "NVIDIA L4", b"mine")
    assert store.read_cache(ENGINE, "NVIDIA L4") == b"mine"
    store.write_cache(ENGINE, "NVIDIA L4", b"the farm's, new")
    assert store.read_cache(ENGINE, "NVIDIA L4") == b"the farm's, new"
