"""Engines that were cut off, altered or lost: none is ever handed out."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec
import pytest

from interneg.engines.manifest import Manifest, rebuild_command
from interneg.engines.store import Store, StoredEngine
from interneg.errors import EngineError
from tests.engines.stores import BLOB, ENGINE, blob_of, put, read_only


def sealed(manifest: Manifest, **changes: object) -> bytes:
    """A manifest forged with a seal that fits."""
    raw = msgspec.to_builtins(msgspec.structs.replace(manifest, **changes))
    rest = {name: value for name, value in raw.items() if name != "seal"}
    raw["seal"] = hashlib.sha256(msgspec.json.encode(rest, order="deterministic")).hexdigest()
    return msgspec.json.encode(raw)


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
def test_a_damaged_engine_is_refused_by_name(
    store: Store, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
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
def test_the_search_goes_on_after_a_damaged_engine(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
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
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
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
