from __future__ import annotations

import numpy as np
import pytest

from interneg.frame import Double
from interneg.grain.av1_filter import Spectra, averaged, filters
from interneg.grain.av1_player import templates
from interneg.grain.av1_table import Parameters

AXES = np.meshgrid(*[np.fft.fftfreq(64)] * 2, indexing="ij")
RADII = np.hypot(*AXES)


def alone(power: Double) -> Spectra:
    return Spectra(power, [], power, [])


def test_a_spectrum_that_a_filter_made_gives_that_filter() -> None:
    # 0.3 of the pixel above and 0.4 of the one to the left.
    y, x = AXES
    response = 1 - 0.3 * np.exp(-2j * np.pi * y) - 0.4 * np.exp(-2j * np.pi * x)
    shift, (taps,) = filters(alone(1 / np.abs(response) ** 2))
    found = np.array(taps) / 2**shift
    assert found[17] == pytest.approx(0.3, abs=0.02) and found[23] == pytest.approx(0.4, abs=0.02)
    assert np.abs(np.delete(found, [17, 23])).max() < 0.02


def test_white_noise_needs_no_filter() -> None:
    assert filters(alone(np.ones((64, 64))))[1] == [[0] * 24]


@pytest.mark.parametrize("soft", [0.03, 0.05, 0.1, 0.2])
def test_however_soft_the_grain_its_filter_never_runs_away(soft: float) -> None:
    power = np.exp(-((RADII / soft) ** 2))
    shared = 0.9 * np.sqrt(averaged(power, (1, 1)) * averaged(power, (1, 1)))
    shift, rows = filters(
        Spectra(power, [averaged(power, (1, 1))] * 2, averaged(power, (1, 1)), [shared] * 2)
    )
    y, cb, cr = (tuple(r) for r in rows)
    points = (((0, 1),),) * 3
    made = Parameters(3, shift, 3, 8, False, True, (128, 192, 256), (128, 192, 256), points, (y, cb, cr))
    for template in templates(made, range(1, 9), 10):
        assert (np.abs(template) >= 511).mean() < 0.02
        # As loud at the end of a template as in its middle.
        middle, end = (template[r, 9:-9].std() for r in (slice(25, 40), slice(-15, None)))
        assert end < 2 * middle


def test_chroma_follows_luma_as_their_cross_spectrum_says() -> None:
    flat = np.ones((64, 64))
    shift, rows = filters(Spectra(flat, [2 * flat, flat], flat, [1.0 * flat, -0.5 * flat]))
    # Cb = luma + noise of 1; Cr = noise - luma / 2, whose noise has a variance of 3/4.
    assert rows[1][-1] / 2**shift == pytest.approx(1, abs=0.02)
    assert rows[2][-1] / 2**shift == pytest.approx(-0.5 / np.sqrt(0.75), abs=0.02)


def test_white_noise_that_is_averaged_has_as_much_less_variance() -> None:
    for subsampling, share in (((0, 0), 1), ((1, 0), 0.5), ((1, 1), 0.25)):
        found = averaged(np.ones((2, 64, 64)), subsampling)
        assert found.shape == (2, 64 >> subsampling[1], 64 >> subsampling[0])
        np.testing.assert_allclose(found, share)
