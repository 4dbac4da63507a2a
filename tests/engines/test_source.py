from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.engines.runtimes import RUNTIMES
from interneg.engines.runtimes.openvino import OpenVino
from interneg.engines.source import Engines
from interneg.engines.store import Store
from interneg.errors import EngineError, HostMemoryError, InputError, UsageError
from tests.engines.conftest import Planes, Write

FROM_WEIGHTS = ("openvino", "onnxruntime", "torch")
MODELS = ("tiny", "tiny-x2", "tiny-even")
HAS_BF16 = not OpenVino().precisions()["bf16"]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", [(1, 1), (7, 5), (33, 47), (64, 64)])
def test_any_size_gives_the_same_in_every_runtime(
    engines: Callable[..., Engines], planes: Planes, model: str, size: tuple[int, int]
) -> None:
    picture = planes(*size)
    results = []
    for runtime in FROM_WEIGHTS:
        if RUNTIMES[runtime].unavailable():
            continue
        engine = engines(runtime=runtime, precision="fp32").open(model)
        results.append(engine.run(picture))
        assert results[-1].shape == (3, size[0] * engine.scale, size[1] * engine.scale)
        assert results[-1].dtype == np.float32
    for other in results[1:]:
        np.testing.assert_allclose(other, results[0], atol=2e-6)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", [(150, 203), (64, 640), (641, 64)])
def test_tiles_leave_no_seam(
    engines: Callable[..., Engines], planes: Planes, model: str, size: tuple[int, int]
) -> None:
    picture = planes(*size)
    whole = engines(precision="fp32").open(model).run(picture)
    engine = engines(precision="fp32", tile_bytes=1_000_000).open(model)
    tiled = engine.run(picture)
    assert engine._tile_pixels * 2 < size[0] * size[1]
    np.testing.assert_allclose(tiled, whole, atol=2e-6)


@pytest.mark.parametrize("model", MODELS)
def test_tiles_in_work_at_once_give_the_bits_of_one_after_the_other(
    engines: Callable[..., Engines], planes: Planes, model: str
) -> None:
    picture = planes(190, 203)
    settings = {"precision": "fp32", "tile_bytes": 400_000}
    alone, together = (engines(**settings, threads=n).open(model) for n in (1, 4))
    assert (alone.network.lanes, together.network.lanes) == (1, 4)
    expected = alone.run(picture)
    for _ in range(3):
        assert together.run(picture).tobytes() == expected.tobytes()


def test_a_halo_too_small_is_seen(write: Write, store: Store, planes: Planes) -> None:
    folder = write("tiny", halo=1)
    picture = planes(150, 203)
    settings: dict[str, Any] = {"precision": "fp32", "folders": [folder], "store": store}
    whole = Engines(**settings).open("tiny").run(picture)
    tiled = Engines(**settings, tile_bytes=1_000_000).open("tiny").run(picture)
    assert np.abs(tiled - whole).max() > 1e-4


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_the_same_input_gives_the_same_bits(
    engines: Callable[..., Engines], planes: Planes, precision: str
) -> None:
    picture = planes(131, 97)
    first = engines(precision=precision).open("tiny-x2")
    expected = first.run(picture)
    first.run(planes(64, 64, seed=3))
    np.testing.assert_array_equal(first.run(picture), expected)
    alone = engines(precision=precision, threads=1).open("tiny-x2")
    np.testing.assert_array_equal(alone.run(picture), expected)


def test_threads_share_an_engine(engines: Callable[..., Engines], planes: Planes) -> None:
    engine = engines().open("tiny")
    pictures = [planes(40 + i, 60, seed=i) for i in range(4)]
    expected = [engine.run(p) for p in pictures]
    results: dict[int, list[np.ndarray]] = {}
    work = [
        threading.Thread(target=lambda i=i: results.update({i: [engine.run(pictures[i]) for _ in range(3)]}))
        for i in range(4)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    for i, wanted in enumerate(expected):
        for result in results[i]:
            np.testing.assert_array_equal(result, wanted)


def test_an_engine_is_opened_once_and_says_what_runs(
    engines: Callable[..., Engines], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(OpenVino, "candidates", lambda self, model: ())
    source = engines()
    with caplog.at_level(logging.INFO, "interneg.engines"):
        assert source.open("tiny") is source.open("tiny")
    lines = [r.getMessage() for r in caplog.records if "tiny runs on" in r.getMessage()]
    assert lines == [source.describe("tiny")]
    assert "on openvino" in lines[0] and ("in bf16 (" in lines[0]) is HAS_BF16
    assert "(as asked)" in engines(precision="fp32").describe("tiny")


def test_identity_names_weights_runtime_and_precision(engines: Callable[..., Engines]) -> None:
    identity = engines(precision="fp32").open("tiny").identity
    assert "sha256:" in identity and f"openvino {OpenVino().version()} fp32" in identity


@pytest.mark.skipif(not HAS_BF16, reason="this CPU does not compute in bf16")
@pytest.mark.skipif(bool(RUNTIMES["torch"].unavailable()), reason="torch is not installed")
def test_fp32_really_is_fp32(engines: Callable[..., Engines], planes: Planes) -> None:
    picture = planes(64, 64)
    exact = engines(runtime="torch").open("tiny").run(picture)
    assert np.abs(engines(precision="fp32").open("tiny").run(picture) - exact).max() < 2e-6
    assert np.abs(engines(precision="bf16").open("tiny").run(picture) - exact).max() > 1e-4


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"runtime": "openvno"}, "there is no runtime 'openvno' .did you mean 'openvino'"),
        ({"runtime": "tensorflow2"}, "did you mean .tensorrt."),
        ({"precision": "fp33"}, "did you mean 'fp32'"),
        ({"threads": 0}, "at least 1 thread"),
    ],
)
def test_settings_that_do_not_exist(settings: Any, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        Engines(**settings)


def test_a_model_that_does_not_exist(engines: Callable[..., Engines]) -> None:
    with pytest.raises(EngineError, match=r"there is no model 'tiny-x3' .did you mean 'tiny-x2'"):
        engines().open("tiny-x3")


def test_a_precision_that_cannot_run_is_refused_with_every_reason(engines: Callable[..., Engines]) -> None:
    if not OpenVino().precisions()["fp16"]:
        pytest.skip("this CPU computes in fp16")
    with pytest.raises(EngineError, match=r"openvino: .*does not compute in fp16.*torch: ") as caught:
        engines(precision="fp16").open("tiny")
    assert caught.value.exit_code == 5
    with pytest.raises(EngineError, match="tiny has no int8 weights"):
        engines(runtime="openvino", precision="int8").open("tiny")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda p: p.astype(np.float64), r"float32 planes \(Y, Cb.*not float64.*astype"),
        (lambda p: p.tolist(), "not list"),
        (lambda p: p[:5].copy(), r"takes \(6, H, W\).*shape \(5, 16, 24\)"),
        (lambda p: p[None], r"shape \(1, 6, 16, 24\)"),
        (lambda p: p[:, :0].copy(), r"at least 1x1.*\(6, 0, 24\)"),
        (lambda p: p.transpose(0, 2, 1), "ascontiguousarray"),
    ],
)
@pytest.mark.parametrize("runtime", FROM_WEIGHTS)
def test_inputs_are_checked_alike_in_every_runtime(
    engines: Callable[..., Engines], planes: Planes, runtime: str, change: Callable[..., Any], words: str
) -> None:
    if RUNTIMES[runtime].unavailable():
        pytest.skip(str(RUNTIMES[runtime].unavailable()))
    engine = engines(runtime=runtime).open("tiny")
    with pytest.raises(InputError, match=words):
        engine.run(change(planes(16, 24)))


def test_a_read_only_input_is_taken_and_left_alone(engines: Callable[..., Engines], planes: Planes) -> None:
    picture = planes(20, 30)
    before = picture.copy()
    picture.flags.writeable = False
    engines().open("tiny").run(picture)
    np.testing.assert_array_equal(picture, before)


def test_tampered_weights_are_refused(engines: Callable[..., Engines], tmp_path: Path) -> None:
    source = engines()
    path = tmp_path / "models" / "tiny.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(EngineError, match=r"tiny.onnx is not the file .* SHA-256"):
        source.open("tiny")


def test_short_memory_halves_the_tiles(
    engines: Callable[..., Engines],
    planes: Planes,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = engines(precision="fp32").open("tiny")
    picture = planes(150, 203)
    expected = engine.run(picture)
    real: Callable[..., None] = engine._network._infer

    def short(array: np.ndarray, out: np.ndarray) -> None:
        if array.size > 6 * 8000:
            raise MemoryError("no more")
        real(array, out)

    monkeypatch.setattr(engine._network, "_infer", short)
    np.testing.assert_allclose(engine.run(picture), expected, atol=2e-6)
    assert "going on with half" in caplog.text
    caplog.clear()
    engine.run(picture)
    assert "going on with half" not in caplog.text


def test_no_memory_at_all_is_an_error(
    engines: Callable[..., Engines], planes: Planes, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engines().open("tiny")

    def short(array: np.ndarray, out: np.ndarray) -> None:
        raise MemoryError("no more")

    monkeypatch.setattr(engine._network, "_infer", short)
    with pytest.raises(HostMemoryError) as caught:
        engine.run(planes(150, 203))
    assert caught.value.exit_code == 33
