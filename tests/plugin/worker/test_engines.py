"""The worker's engines: a model that was imported anew is used as it is now."""

from __future__ import annotations

import gc
import threading
import weakref
from pathlib import Path

import numpy as np
import onnx
import pytest

from interneg.engines.importing.importer import import_model
from interneg.engines.importing.wishes import Wishes
from interneg.errors import EngineError
from interneg.plugin.worker.engines import SharedEngines
from tests.engines.importing.nets import sharpener


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("models", "engines"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("INTERNEG_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("INTERNEG_ENGINES", str(tmp_path / "engines"))
    return tmp_path / "models"


def imported(models: Path, amount: float) -> None:
    path = models.parent / "sharp.onnx"
    onnx.save(sharpener(colours=(amount,) * 3).model(), path)
    import_model(path, Wishes(layout="rgb"), models, overwrite=True)


def test_a_model_that_is_replaced_or_removed_is_seen(models: Path) -> None:
    imported(models, 0.2)
    engines = SharedEngines()
    planes = np.random.default_rng(1).random((3, 32, 32), np.float32)
    first = engines.open("sharp")
    before = first.run(planes)
    assert engines.open("sharp") is first

    imported(models, 0.8)
    second = engines.open("sharp")
    assert second.identity != first.identity
    assert np.abs(second.run(planes) - before).max() > 0.01
    np.testing.assert_array_equal(first.run(planes), before)  # what still renders with it goes on
    assert engines.open("sharp") is second and len(engines.described) == 1

    (models / "sharp.toml").unlink()
    with pytest.raises(EngineError, match="there is no model 'sharp'"):
        engines.open("sharp")
    imported(models, 0.2)
    np.testing.assert_array_equal(engines.open("sharp").run(planes), before)


def test_a_model_that_was_replaced_is_given_back_with_the_last_that_renders_with_it(models: Path) -> None:
    """Nothing of the worker's holds it, so that the GPU's memory is free at once, without a collection."""
    imported(models, 0.2)
    engines = SharedEngines()
    first = engines.open("sharp")
    first.run(np.zeros((3, 32, 32), np.float32))
    network = weakref.ref(first.network)  # type: ignore[attr-defined]
    threads = [t for t in threading.enumerate() if t.name.startswith("interneg-lane")]
    gc.collect()
    gc.disable()
    try:
        imported(models, 0.8)
        engines.open("sharp")
        assert network() is not None
        del first
        assert network() is None
    finally:
        gc.enable()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)
