"""build_engines.py as a TD runs it."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from interneg.engines import gpus
from interneg.engines.catalogue import __file__ as catalogue
from interneg.engines.store import Figures, QualificationKey, Record, Store

ROOT = Path(__file__).parents[3]
LITE = "denoise-sr-lite-x1"
ONE = ("--models", LITE, "--precisions", "fp32", "--profiles", "proxy", "--targets", "sm89")
needs_rtx = pytest.mark.skipif(
    importlib.util.find_spec("tensorrt_rtx") is None, reason="tensorrt_rtx is not installed"
)
pytestmark = pytest.mark.skipif(bool(gpus.here()), reason="says what is said where there is no GPU")

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def run(folder: Path) -> Run:
    def call(*arguments: object, **more: Any) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "build_engines.py"), "--store", str(folder)]
        return subprocess.run(
            [*command, *map(str, arguments)], capture_output=True, text=True, timeout=300, **more
        )

    return call


def failed(made: subprocess.CompletedProcess[str], code: int, says: str) -> None:
    assert made.returncode == code, made.stdout + made.stderr
    assert re.search(says, made.stdout + made.stderr), made.stdout + made.stderr
    assert "Traceback" not in made.stderr


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A folder with the models good, which is lite under another name, and bad, whose file is no ONNX."""
    folder = tmp_path / "models"
    folder.mkdir()
    text = (Path(catalogue).parent / f"{LITE}.toml").read_text()
    weights = (Path(catalogue).parent / f"{LITE}.onnx").read_bytes()
    head = text.partition("[weights.")[0]
    for name, data in (("good", weights), ("bad", b"no ONNX")):
        entry = f'[weights.fp32]\nfile = "{name}.onnx"\nsha256 = "{hashlib.sha256(data).hexdigest()}"\n'
        tail = '[training]\ncommand = "none"\ndata = []\nsteps = 0\nseed = 0\n'
        (folder / f"{name}.toml").write_text(f"{head.replace(LITE, name)}{entry}{tail}")
        (folder / f"{name}.onnx").write_bytes(data)
    return folder


# The ordinary way


@pytest.mark.slow
@needs_rtx
def test_built_listed_verified_and_pruned(run: Run, folder: Path) -> None:
    made = run(*ONE)
    assert made.returncode == 0, made.stderr
    first, last = made.stdout.splitlines()
    assert re.fullmatch(
        rf"{LITE} fp32 proxy sm89: built in .* s, .* MiB, qualifies on first use \[1/1\]", first
    )
    assert re.fullmatch(rf"1 built in .* s; store: {re.escape(str(folder))}", last)
    assert made.stderr == ""
    assert not re.search("ERROR|Error:", made.stdout)  # farm managers look for these

    assert "1 already in the store" in run(*ONE).stdout
    assert json.loads(run(*ONE, "--dry-run", "--json").stdout)[0]["plan"] == "in the store"
    assert json.loads(run(*ONE, "--dry-run", "--force", "--json").stdout)[0]["plan"] == "build"

    listed = run("--list").stdout.splitlines()
    assert listed[0].startswith("runtime: tensorrt-rtx 1.")
    assert LITE in listed[2] and len(listed) == 3
    assert [e["state"] for e in json.loads(run("--list", "--json").stdout)] == ["ok"]
    assert "1 files looked at, 0 broken" in run("--verify").stdout

    # As a machine leaves it that opened the engine.
    store = Store([folder])
    (entry,) = store.entries()
    assert entry.manifest is not None and entry.key is not None
    key = QualificationKey(
        model=LITE, weights=entry.key.weights, precision="fp32", runtime="tensorrt-rtx",
        version=f"{entry.key.version} {entry.manifest.sha256[:12]}", device="NVIDIA L4", system="Linux",
        golden=1,
    )  # fmt: skip
    store.publish(Record(key, "OpenCV", Figures(maximum=0.0, p999=0.0, mean=0.0, psnr=112.0, nans=0)))
    assert "112 dB on NVIDIA L4" in run("--list").stdout
    assert json.loads(run("--verify", "--json").stdout)[0]["qualified"]["device"] == "NVIDIA L4"

    (blob,) = folder.glob("*.engine")
    blob.write_bytes(blob.read_bytes()[:-1] + b"?")
    assert json.loads(run(*ONE, "--dry-run", "--json").stdout)[0]["plan"] == "build"
    broken = run("--verify")
    failed(broken, 5, "tampered")
    assert "1 broken" in broken.stdout
    failed(run("--verify"), 5, f"build it again: build_engines.py .*--models {LITE} .*--precisions fp32")
    kept = run("--prune", "--dry-run")
    assert kept.stdout.endswith("1 would be removed\n") and blob.exists()
    assert run("--prune").stdout.endswith("1 removed\n") and not blob.exists()
    assert run("--list").stdout == f"no engines in {folder}\n"

    run(*ONE)
    (manifest,) = folder.glob("*.manifest.json")
    manifest.unlink()
    failed(run("--verify"), 5, "orphan: its manifest is gone")
    assert "1 built" in run(*ONE).stdout and run("--verify").returncode == 0


@pytest.mark.parametrize("option", ["--force", "--dry-run", "--jobs=2", "--workspace=64"])
def test_what_does_not_build_takes_no_options_of_building(run: Run, option: str) -> None:
    failed(run("--list", option), 2, f"--list builds nothing: leave out {option.partition('=')[0]}")


@needs_rtx
def test_json_is_all_of_stdout(run: Run, mine: Path) -> None:
    own = ("--catalogue", mine, "--models", "good,bad", "--profiles", "proxy", "--targets", "portable")
    made = run(*own, "--precisions", "fp32,int8", "--json")
    assert made.returncode == 5
    facts = {f["model"]: f for f in json.loads(made.stdout)}
    assert {n: f["state"] for n, f in facts.items()} == {"good": "built", "bad": "failed"}
    assert "is no ONNX file (it is text)" in facts["bad"]["detail"]
    assert "no int8 engines of good, bad" in made.stderr


@needs_rtx
def test_a_failing_model_does_not_stop_the_others_and_pruning_keeps_a_facilitys_own(
    run: Run, mine: Path, folder: Path
) -> None:
    own = ("--models", "good,bad", "--precisions", "fp32", "--profiles", "proxy", "--targets", "portable")
    made = run("--catalogue", mine, *own)
    failed(made, 5, r"bad fp32 proxy portable: failed: .*bad\.onnx.*Export the model again")
    assert "1 built, 1 failed" in made.stdout
    assert "stale: the catalogue has no such model" in run("--list").stdout
    assert "0 removed\n1 kept of models that the catalogue has not" in run("--prune").stdout
    # Retrained, under the same name.
    data = (mine / "good.onnx").read_bytes()
    toml = (mine / "good.toml").read_text()
    (mine / "good.onnx").write_bytes(data + b"\x72\x00")
    old, new = (hashlib.sha256(d).hexdigest() for d in (data, data + b"\x72\x00"))
    (mine / "good.toml").write_text(toml.replace(old, new))
    assert "stale: the model has new weights" in run("--list", "--catalogue", mine).stdout
    assert "1 removed" in run("--prune", "--catalogue", mine).stdout
    assert not list(folder.glob("*.engine"))


@needs_rtx
def test_nothing_to_build_in_int8_is_no_success(run: Run, mine: Path) -> None:
    made = run("--catalogue", mine, "--models", "good", "--precisions", "int8", "--targets", "portable")
    failed(made, 5, "nothing to build: no int8 engines of good")


@needs_rtx
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_shows_progress_with_the_time_left(run: Run, folder: Path) -> None:
    import pty

    controller, terminal = pty.openpty()
    command = [sys.executable, str(ROOT / "build_engines.py"), "--store", str(folder), *ONE]
    with subprocess.Popen(command, stdout=terminal, stderr=terminal, env=os.environ | {"TERM": "xterm"}):
        os.close(terminal)
        shown = b""
        while True:
            try:
                part = os.read(controller, 65536)
            except OSError:  # how a terminal says that its last writer is gone
                break
            if not part:
                break
            shown += part
    os.close(controller)
    assert re.search(rb"0\.\d of 1 engines.*(-|\d+):(--|\d\d):(--|\d\d)", shown)
    assert b"built in" in shown


# The fleet


def test_the_examples_plan_fits_80_columns_and_a_pipe_gets_a_row_a_line(run: Run) -> None:
    plan = ("--fleet", ROOT / "examples" / "fleet.toml", "--dry-run")
    made = run(*plan)
    assert made.returncode == 0, made.stderr
    rows = [line for line in made.stdout.splitlines() if line.startswith(("denoise-", "scratch-"))]
    assert any(re.fullmatch(r"\S+ +fp16 +uhd +sm89 +artists: RTX 4090.* build *", row) for row in rows)
    assert re.search(r"\d+ build$", made.stdout)
    facts = json.loads(run(*plan, "--json").stdout)
    assert len(facts) == len(rows)
    assert {f["for"] for f in facts if f["target"] == "sm75"} == {"laptops: RTX 2060"}

    narrow = run(*plan, env=os.environ | {"COLUMNS": "80", "FORCE_COLOR": "1"}).stdout
    lines = re.sub(r"\x1b\[[0-9;]*m", "", narrow).splitlines()
    table = lines[next(i for i, line in enumerate(lines) if line.startswith("model ")) :]
    assert (
        max(len(line) for line in table if "plan" in line or re.match(r"(denoise|scratch)-| {20}", line))
        <= 80
    )
    assert len(
        [
            line
            for line in lines
            if re.match(r"(denoise|scratch)-\S+ +(fp16|int8) +(hd|uhd|proxy) +sm\d+ ", line)
        ]
    ) == len(rows)


@needs_rtx
def test_a_fleet_is_built_and_then_skipped(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "fleet.toml"
    path.write_text(
        f'models = ["{LITE}"]\nprecisions = ["fp32"]\nprofiles = ["proxy"]\n'
        '[[class]]\nname = "a"\ngpus = ["H100", "RTX 4090"]\n'
        '[[class]]\nname = "b"\ngpus = ["L4"]\nlibrary = "tensorrt"\n'
    )
    planned = run("--fleet", path, "--dry-run").stdout
    assert "portable: a: H100: tensorrt-rtx does not list sm90; portable engines are tried there" in planned
    assert planned.endswith("2 build, 1 elsewhere\n")
    made = run("--fleet", path)
    assert made.returncode == 0, made.stderr
    assert f"{LITE} fp32 proxy sm89 L4, for b: L4: built on the GPU itself: run this there" in made.stdout
    assert "2 built, 1 to be built elsewhere" in made.stdout
    assert run("--fleet", path, "--dry-run").stdout.endswith("2 in the store, 1 elsewhere\n")


# Bad input


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--models", "denoise-sr-light-x1"), "no model 'denoise-sr-light-x1' .*did you mean"),
        (("--precisions", "fp61"), "no engine precision 'fp61'"),
        (("--precisions", ""), "no engine precision is named"),
        (("--models", ""), "no model is named"),
        (("--profiles", "4k"), "no profile '4k'"),
        (("--runtime", "tensort"), "no runtime 'tensort' .*did you mean 'tensorrt"),
        (("--library", "tensort"), "no runtime 'tensort'"),
        (("--library", "tensorrt", "--runtime", "tensorrt"), "old name of --runtime: leave it out"),
        (("--list", "--prune"), "--list and --prune are one at a time"),
        (("--list", "--models", "x"), "--list looks at the whole store: leave out --models"),
        (("--fleet", "f.toml", "--targets", "sm89"), "leave out --targets, or --fleet"),
        (("--fleet", "f.toml"), r"f\.toml cannot be read"),
        (("--jobs", "0"), "jobs"),
        (("--frobnicate",), "No such option"),
    ],
)
def test_wrong_options_are_usage(arguments: tuple[str, ...], says: str, run: Run) -> None:
    failed(run(*arguments), 2, says)


@needs_rtx
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--targets", "sm98"), "no target 'sm98' .*did you mean 'sm89'"),
        (("--targets", "sm90"), "does not list sm90 .*build 'portable'"),
        (("--targets", "current"), "there is no GPU here"),
        (("--targets", ""), "no target is named"),
        (("--version-compatible",), "no version-compatible engines"),
    ],
)
def test_wrong_targets_are_usage(arguments: tuple[str, ...], says: str, run: Run) -> None:
    failed(run(*arguments), 2, says)


def test_folders_that_are_not_there_are_named(run: Run, tmp_path: Path) -> None:
    failed(run("--catalogue", tmp_path / "none"), 2, "--catalogue: the folder .*none does not exist")
    for mode in ("--list", "--verify", "--prune"):
        failed(run(mode), 2, "--store: the folder .*store does not exist")
    failed(run("--list", env=os.environ | {"INTERNEG_MODELS": "/none/at/all"}), 2, "--store")
    env = os.environ | {"INTERNEG_MODELS": "/none/at/all"}
    failed(run("--dry-run", env=env), 5, r"/none/at/all, which \$INTERNEG_MODELS names, does not exist")


@needs_rtx
def test_nothing_is_built_into_a_share_that_is_not_mounted(run: Run, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "build_engines.py"), *ONE]
    env = os.environ | {"INTERNEG_ENGINES": str(tmp_path / "farm" / "engines")}
    made = subprocess.run(command, capture_output=True, text=True, timeout=300, env=env)
    failed(made, 6, r"of \$INTERNEG_ENGINES is not there, and neither is .*farm: mount the share")
    assert not (tmp_path / "farm").exists()


@needs_rtx
def test_a_home_is_meant_by_a_tilde(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    command = [sys.executable, str(ROOT / "build_engines.py"), "--list"]
    env = os.environ | {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    made = subprocess.run([*command, "--store", "~/store"], capture_output=True, text=True, env=env)
    assert made.stdout == f"no engines in {tmp_path / 'store'}\n", made.stderr
    env |= {"INTERNEG_ENGINES": "~/store"}
    made = subprocess.run(command, capture_output=True, text=True, env=env)
    assert made.stdout.startswith(f"no engines in {tmp_path / 'store'}, "), made.stderr


def test_the_command_that_messages_give_is_installed_with_the_package() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, name = scripts["build_engines.py"].partition(":")
    assert callable(getattr(importlib.import_module(module), name))


@needs_rtx
def test_a_store_that_cannot_be_written(run: Run, folder: Path) -> None:
    folder.touch()
    failed(run(*ONE), 6, "no folder for engines can be written.*store: .*in --store")


@needs_rtx
@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on files")
def test_a_full_disk(run: Run, folder: Path) -> None:
    import resource

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    failed(run(*ONE, preexec_fn=full), 6, "could not be written to .*Make room there")
    told = run(*ONE, "--json", preexec_fn=full)
    assert told.returncode == 6 and isinstance(json.loads(told.stdout), (dict, list)), told.stdout
    assert {p.suffix for p in folder.iterdir()} <= {".lock"}


@needs_rtx
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_interrupted_it_ends_at_once_and_leaves_nothing_behind(name: str, run: Run, folder: Path) -> None:
    # Where tests run in the background of a script, they ignore it, and what they start would as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # So many that they are not done before the signal comes.
    many = "--precisions fp16 --profiles proxy,hd,uhd,film4k --targets portable,sm75,sm80,sm86,sm89,sm120"
    command = [sys.executable, str(ROOT / "build_engines.py"), "--store", str(folder), *many.split()]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 60
        while not list(folder.glob(".*.lock")):  # a worker is at work
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.005)
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        began = time.monotonic()
        # As a terminal does it to all, a farm manager to one.
        if name == "SIGINT":
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.terminate()
        _, error = process.communicate(timeout=20)
    assert process.returncode == 130
    assert time.monotonic() - began < 4
    assert error.splitlines() == ["interneg: interrupted; every frame and file that was written is whole"]
    assert not psutil.wait_procs(children, timeout=3)[1]
    assert not list(folder.glob("*.engine")) or run("--verify").returncode == 0
