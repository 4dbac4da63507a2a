from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from interneg.engines import qualify, source
from interneg.engines.source import Engines
from interneg.engines.store import QualificationKey, Store
from interneg.errors import EngineError
from tests.engines.conftest import Planes, Write
from tests.engines.stores import KEY, RECORD


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


def test_a_list_of_folders_is_read_and_the_first_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared, own = tmp_path / "shared", tmp_path / "own"
    Store([shared]).publish(RECORD)
    monkeypatch.setenv("INTERNEG_ENGINES", f"{own}{os.pathsep}{shared}")
    store = Store()
    assert store.folders[:2] == (own, shared)
    assert store.find(KEY) == RECORD
    store.publish(RECORD)
    assert (own / KEY.file).exists()


def test_the_store_is_in_the_users_cache_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("INTERNEG_ENGINES", raising=False)
    assert Store().folders[0].parts[-2:] == ("interneg", "engines") or os.name == "nt"


def test_a_store_that_cannot_be_written_stops_nothing(
    engines: Callable[..., Engines], planes: Planes, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    engine = engines(store=Store([tmp_path / "file" / "store"])).open("tiny")
    assert engine.run(planes(8, 8)).shape == (3, 8, 8)
    assert "cannot be written" in caplog.text


def test_an_engine_is_qualified_once(
    engines: Callable[..., Engines], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    real = qualify.qualify

    def counted(*arguments: Any) -> Any:
        calls.append(arguments[2])
        return real(*arguments)

    monkeypatch.setattr(qualify, "qualify", counted)
    engines(precision="fp32").open("tiny")
    engines(precision="fp32").open("tiny")
    assert calls == ["fp32"]


def test_an_engine_that_failed_is_not_recorded(write: Write, store: Store) -> None:
    folder = write("tiny", last="Sqrt")
    for _ in range(2):
        with pytest.raises(EngineError, match="the fp32 reference itself gives NaN"):
            source.Engines(runtime="openvino", precision="fp32", folders=[folder], store=store).open("tiny")
    assert not store.folders[0].exists()
