from __future__ import annotations

import numpy as np
import pytest

from interneg.frame import Pixels
from interneg.grain.boolean import Coat, Emulsion, Grains, simulated
from interneg.grain.expected import Statistics, profile_of
from interneg.grain.scale import at_pitch
from tests.core.grain.profiles import rings

# Two layers of two sheets: coarse, so that little film is enough.
COARSE = Emulsion(
    (Coat(0, Grains(2.2, 0.3), 2, 0.6, -0.3), Coat(0, Grains(1.6, 0.3), 2, 0.5, 0.4)), ((1.0,),), 1.5
)
COLOUR = Emulsion(
    tuple(Coat(k, Grains(2.0, 0.3), 1, 0.8, 0.0) for k in range(3)),
    ((0.8, 0.1, 0.1), (0.1, 0.8, 0.1), (0.1, 0.1, 0.8)),
    1.5,
)


def scan(emulsion: Emulsion, exposure: float, pitch: float, size: int = 128, finer: int = 6) -> Pixels:
    return simulated(emulsion, np.full((emulsion.channels, size, size), exposure), pitch, 1, finer)


@pytest.mark.parametrize("exposure", [-0.6, 0.0, 0.8])
def test_thrown_discs_have_the_density_that_is_expected(exposure: float) -> None:
    expected = Statistics(COARSE, exposure)
    found = scan(COARSE, exposure, 6)
    # In light: the density of a mean of light is not the mean of densities.
    assert -np.log10(np.mean(10**-found)) == pytest.approx(expected.density[0], abs=0.01)


def test_thrown_discs_have_the_deviation_and_the_spectrum_that_are_expected() -> None:
    width, pixels = 24.576, 4096
    expected = profile_of(COARSE, "coarse", width, pixels)
    level = 0.35
    exposures = np.linspace(-2, 2, 41)
    unlit = Statistics(COARSE, -np.inf).density[0]
    codes = [95 / 1023 + (Statistics(COARSE, e).density[0] - unlit) / 2.046 for e in exposures]
    found = scan(COARSE, float(np.interp(level, codes, exposures)), 6, 192)
    sigma = np.interp(level, expected.levels[0], expected.sigmas[0])
    assert found.std() / 2.046 == pytest.approx(sigma, rel=0.05)
    frequencies, power = rings(found / found.std())
    wanted = np.interp(frequencies, *expected.per_pixel(0, 96))
    assert np.abs(10 * np.log10(power[0] / wanted)).mean() < 0.5


@pytest.mark.parametrize(("known", "asked"), [(12.0, 6.0), (6.0, 12.0)])
def test_a_profile_of_one_scan_holds_for_the_other(known: float, asked: float) -> None:
    width = 24.576
    profile = profile_of(COARSE, "coarse", width, round(1e3 * width / known))
    found = at_pitch(profile, 1e-3 * asked)
    other = scan(COARSE, 0.0, asked, 192 if asked < 10 else 128)
    frequencies, power = rings(other / other.std())
    wanted = np.interp(frequencies, *found.per_pixel(0, 96))
    assert np.abs(10 * np.log10(power[0] / wanted)).mean() < 1.5
    expected = profile_of(COARSE, "coarse", width, round(1e3 * width / asked))
    assert found.sigmas == pytest.approx(expected.sigmas, rel=0.08)


def test_dyes_that_absorb_their_neighbours_light_make_channels_correlate() -> None:
    found = scan(COLOUR, 0.0, 6, 96)
    wanted = profile_of(COLOUR, "colour", 24.576, 4096).correlation
    assert wanted[0, 1] > 0.2
    assert np.corrcoef(found.reshape(3, -1)) == pytest.approx(wanted, abs=0.05)


def test_a_picture_is_exposed_where_it_is_bright() -> None:
    exposure = np.full((1, 24, 32), -1.0)
    exposure[:, :, 16:] = 1.0
    found = simulated(COARSE, exposure, 12, 3, 4)[0]
    dark, bright = (Statistics(COARSE, e).density[0] for e in (-1.0, 1.0))
    assert found[:, :14].mean() == pytest.approx(dark, rel=0.1)
    assert found[:, 18:].mean() == pytest.approx(bright, rel=0.05)


def test_the_same_seed_throws_the_same_discs() -> None:
    exposure = np.zeros((1, 8, 8))
    assert np.array_equal(simulated(COARSE, exposure, 6, 5), simulated(COARSE, exposure, 6, 5))
    assert not np.array_equal(simulated(COARSE, exposure, 6, 5), simulated(COARSE, exposure, 6, 6))
