import numpy as np
import pytest

from interneg.errors import InputError
from interneg.io.ycbcr import Coding, lower, raise_to, to_codes, to_rgb


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize(("cw", "ch", "w", "h"), [(8, 6, 16, 12), (8, 6, 16, 6), (4, 6, 16, 6), (1, 1, 2, 2)])
def test_lowering_undoes_raising(cw: int, ch: int, w: int, h: int, centred: bool) -> None:
    chroma = np.random.default_rng(1).integers(0, 1024, (ch, cw)).astype(np.float32)
    raised = raise_to(chroma, h, w, centred=centred)
    assert raised.shape == (h, w)
    np.testing.assert_allclose(lower(raised, ch, cw, centred=centred), chroma, atol=1e-3)


def test_raising_keeps_a_ramp_in_place() -> None:
    # co-sited columns lie at 0, 2, 4...; lines midway at 0.5, 2.5...
    columns, lines = np.meshgrid(np.arange(8) * 2.0, np.arange(8) * 2 + 0.5)
    x = raise_to(columns.astype(np.float32), 16, 16, centred=False)
    y = raise_to(lines.astype(np.float32), 16, 16, centred=False)
    np.testing.assert_allclose(x[:, :15], np.tile(np.arange(15.0), (16, 1)), atol=1e-5)
    np.testing.assert_allclose(y[1:15], np.tile(np.arange(1, 15.0)[:, None], (1, 16)), atol=1e-5)


@pytest.mark.parametrize("matrix", [1, 4, 5, 6, 7, 9])
@pytest.mark.parametrize("full", [False, True])
def test_codes_and_back(matrix: int, full: bool) -> None:
    rgb = np.random.default_rng(2).uniform(-0.2, 1.3, (3, 9, 7)).astype(np.float32)
    coding = Coding(matrix, full, 10)
    np.testing.assert_allclose(to_rgb(*to_codes(rgb, coding), coding), rgb, atol=2e-6)


def test_colour_bars_of_bt709() -> None:
    # 100 % bars in 10 bit: white, yellow, cyan, green, magenta, red, blue
    bars = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 0, 1]], np.float32)
    y, cb, cr = to_codes(bars.T[:, None], Coding(1, False, 10))
    assert np.rint(y).astype(int).tolist() == [[940, 877, 754, 691, 313, 250, 127]]
    assert np.rint(cb).astype(int).tolist() == [[512, 64, 615, 167, 857, 409, 960]]
    assert np.rint(cr).astype(int).tolist() == [[512, 553, 64, 105, 919, 960, 471]]


def test_unknown_matrix() -> None:
    plane = np.zeros((2, 2), np.float32)
    with pytest.raises(InputError, match="matrix coefficients 14"):
        to_rgb(plane, plane, plane, Coding(14, False, 8))
