"""A folder of models of the user's own, and models imported into it."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from interneg.engines.importing.importer import Imported, import_model
from interneg.engines.importing.wishes import Wishes
from tests.engines.importing.brought import Bring


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("models", "engines"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("INTERNEG_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("INTERNEG_ENGINES", str(tmp_path / "engines"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "models"


@pytest.fixture
def bring(folder: Path, tmp_path: Path) -> Bring:
    def run(model: onnx.ModelProto, name: str = "net", overwrite: bool = False, **said: object) -> Imported:
        path = tmp_path / f"{name}.onnx"
        onnx.save(model, path)
        return import_model(path, Wishes(**{"layout": "rgb"} | said), folder, overwrite=overwrite)  # type: ignore[arg-type]

    return run
