from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

import numpy as np
import pytest

from interneg.engines.models import PRECISIONS, load_catalogue
from interneg.engines.qualify import LIMITS, PEAK, compare, driven, failures, golden, qualify, reference
from interneg.engines.runtimes import RUNTIMES, Network
from interneg.engines.store import Figures, Store
from interneg.errors import EngineError
from interneg.frame import Pixels
from tests.engines.conftest import Write


def test_the_golden_input_is_always_the_same_and_reaches_far() -> None:
    planes = golden(6)
    assert planes.shape == (6, 96, 192) and planes.dtype == np.float32 and planes.flags.c_contiguous
    np.testing.assert_array_equal(planes, golden(6))
    np.testing.assert_array_equal(planes[:3], golden(3))
    picture, bright = planes[0, :, :96], planes[0, :, 96:]
    assert picture.min() == 0 and picture.max() == 1
    assert bright.min() == -0.25 and bright.max() == PEAK
    assert np.abs(planes[1:3]).max() < 0.3 and planes[3:].min() >= 0 and planes[3:].max() < 1


def test_the_golden_input_of_other_kinds_holds_pictures_differences_and_maps() -> None:
    planes = driven(("picture", "difference", "difference", "map", "picture"))
    assert planes.shape == (5, 96, 192) and planes.dtype == np.float32 and planes.flags.c_contiguous
    np.testing.assert_array_equal(planes, driven(("picture", "difference", "difference", "map", "picture")))
    np.testing.assert_array_equal(planes[0], golden(1)[0])
    assert (planes[4] != planes[0]).any()
    for difference in planes[1:3]:
        assert np.median(np.abs(difference)) < 0.1 and np.abs(difference).max() > 0.5
    assert np.corrcoef(planes[1].ravel(), planes[2].ravel())[0, 1] > 0.3
    assert planes[3].min() >= 0 and planes[3].max() <= 1


def test_every_precision_has_limits() -> None:
    assert set(LIMITS) == set(PRECISIONS)


def test_figures_of_a_known_error() -> None:
    expected = np.zeros((1, 100, 100), np.float32)
    result = expected.copy()
    result[0, 0, 0] = 0.5
    figures = compare(result, expected)
    assert (figures.maximum, figures.nans) == (0.5, 0)
    assert figures.mean == pytest.approx(0.5e-4)
    assert figures.psnr == pytest.approx(10 * np.log10(1e4 / 0.25))
    assert figures.p999 == 0


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda r: r.__setitem__((0, 3, 3), np.nan), "1 values are NaN or inf"),
        (lambda r: r.__setitem__((0, 3, 3), np.inf), "1 values are NaN or inf"),
        (lambda r: r.__setitem__((0, 3, 3), 0.01), "largest error 0.01"),
        (lambda r: r.__setitem__((0, slice(0, 9)), 4e-5), "99.9 % error"),
        (lambda r: r.__setitem__((0,), 1.5e-5), "mean error"),
        (lambda r: r.fill(np.nan), "10000 values are NaN"),
    ],
)
def test_each_kind_of_damage_is_seen(spoil: Callable[[Pixels], object], word: str) -> None:
    expected = np.zeros((1, 100, 100), np.float32)
    result = expected.copy()
    spoil(result)
    assert word in "; ".join(failures(compare(result, expected), LIMITS["fp32"]))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_reference_that_is_not_finite_proves_nothing(value: float) -> None:
    result, expected = np.zeros((1, 9, 9), np.float32), np.zeros((1, 9, 9), np.float32)
    expected[0, 3, 3] = value
    with pytest.raises(EngineError, match="the fp32 reference itself gives NaN or inf"):
        compare(result, expected)


def test_a_figure_that_is_no_number_never_passes() -> None:
    nan = Figures(maximum=np.nan, p999=np.nan, mean=np.nan, psnr=np.nan, nans=0)
    assert len(failures(nan, LIMITS["int8"])) == 4


def test_a_wrong_shape_is_refused() -> None:
    with pytest.raises(EngineError, match=r"\(3, 4, 4\).*\(3, 8, 8\)"):
        compare(np.zeros((3, 4, 4), np.float32), np.zeros((3, 8, 8), np.float32))


@pytest.mark.parametrize("runtime", list(RUNTIMES))
def test_every_runtime_qualifies_quickly(write: Write, runtime: str) -> None:
    if RUNTIMES[runtime].unavailable():
        pytest.skip(str(RUNTIMES[runtime].unavailable()))
    model = load_catalogue([write("tiny-x2", scale=2)])["tiny-x2"]
    network = RUNTIMES[runtime].load(model, "fp32", None, Store())
    qualify(model, network, "fp32")
    start = time.process_time()
    name, figures = qualify(model, network, "fp32")
    assert time.process_time() - start < 1
    assert name.startswith("OpenCV") and figures.nans == 0


def test_an_engine_that_is_off_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    model = load_catalogue([write("tiny")])["tiny"]
    network = RUNTIMES["openvino"].load(model, "fp32", None, Store())
    real = network._infer

    def off(self: Network, planes: np.ndarray, out: np.ndarray) -> None:
        real(planes, out)
        out[..., 5, 5] += 0.01

    monkeypatch.setattr(type(network), "_infer", off)
    with pytest.raises(EngineError, match=r"tiny in fp32 failed its qualification against OpenCV .*largest"):
        qualify(model, network, "fp32")


def test_a_graph_that_the_reference_does_not_run(write: Write) -> None:
    folder = write("tiny")
    weights, entry = folder / "tiny.onnx", folder / "tiny.toml"
    old = hashlib.sha256(weights.read_bytes()).hexdigest()
    weights.write_bytes(b"nonsense")
    entry.write_text(entry.read_text().replace(old, hashlib.sha256(b"nonsense").hexdigest()))
    with pytest.raises(EngineError, match=r"tiny cannot be qualified, OpenCV .* fp32 does not run it"):
        reference(load_catalogue([folder])["tiny"])
