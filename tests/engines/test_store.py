from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import msgspec
import pytest

from interneg.engines.manifest import rebuild_command
from interneg.engines.store import EngineKey, Store
from tests.engines.stores import BLOB, ENGINE, MADE, RECORD, blob_of, never, put, visible


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


def test_an_engine_that_is_rebuilt_while_it_is_read(store: Store) -> None:
    found = put(store)
    put(store, b"new", force=True)
    assert not blob_of(found).exists(), "the old blob is not left lying"
    assert store.read(found) == b"new"


def test_an_engine_that_is_rebuilt_while_it_is_looked_for(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store)
    real = Path.read_bytes
    rebuilt: list[bool] = []

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
