from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.errors import ColourError, InputError
from interneg.frame import Double
from interneg.grain.av1 import Encode, fit, table_text
from interneg.grain.av1_player import Codes, applied
from interneg.grain.av1_profile import profile_from_table, profile_of
from interneg.grain.av1_table import FOREVER, read
from interneg.grain.encoding import from_codes
from interneg.grain.profile import GrainProfile
from tests.grains import film
from tests.players import played

SPACE = "Rec.1886 Rec.709 - Display"
COLOUR = Colour()
HALF, FULL = Encode(COLOUR, SPACE), Encode(COLOUR, SPACE, (0, 0))
PITCH = film().pitch
BAND = np.linspace(0.02, 0.5, 25)


def off(one: GrainProfile, other: GrainProfile, channel: int) -> Double:
    """Decibels between two spectra, over 0.02 to 0.5 cycles a pixel."""
    powers = [np.interp(BAND, *p.per_pixel(channel)) for p in (one, other)]
    return np.asarray(10 * np.log10(powers[0] / powers[1]), np.float64)


def response(profile: GrainProfile, channel: int) -> Double:
    return np.interp(np.linspace(0.15, 0.6, 10), profile.levels[channel], profile.sigmas[channel])


@pytest.mark.parametrize("soft", [100.0, 40.0, 30.0])
def test_a_profile_comes_back_of_its_film_grain_with_chroma_at_full_size(soft: float) -> None:
    made = film(soft=soft)
    back = profile_of(fit(made, PITCH, FULL), FULL, "b", made.width, made.pixels)
    assert back.channels == made.channels and back.pixels == made.pixels
    for channel in range(3):
        # Blue is the softest of all, and its spectrum falls furthest.
        assert np.abs(off(back, made, channel)).mean() < (1.6 if channel == 2 else 0.6)
        np.testing.assert_allclose(response(back, channel), response(made, channel), rtol=0.08)
    np.testing.assert_allclose(back.correlation, made.correlation, atol=0.05)


def test_of_half_size_chroma_luma_is_as_it_was() -> None:
    made = film()
    sampled = fit(made, PITCH, HALF)
    assert sampled.points[0] == fit(made, PITCH, FULL).points[0]
    assert all(0 < len(p) <= most for p, most in zip(sampled.points, (14, 10, 10), strict=True))
    back = profile_of(sampled, HALF, "b", made.width, made.pixels)
    # Green is most of luma. What half-size chroma can't hold is missing in all three.
    assert np.abs(off(back, made, 1)).mean() < 0.6
    np.testing.assert_allclose(response(back, 1), response(made, 1), rtol=0.2)


def test_a_profile_of_one_channel_makes_grain_in_luma_alone() -> None:
    made = film().grey()
    parameters = fit(made, PITCH, HALF)
    assert parameters.points[1:] == ((), ())
    assert parameters == fit(made, PITCH, FULL)
    back = profile_of(parameters, HALF, "b", made.width, made.pixels)
    assert back.channels == ("Y",)
    assert np.abs(off(back, made, 0)).mean() < 0.5
    np.testing.assert_allclose(response(back, 0), response(made, 0), rtol=0.05)
    # So do channels that are wholly alike.
    assert fit(made.coloured(), PITCH, HALF).points == parameters.points


def deviation(clean: list[Codes], grainy: list[Codes]) -> Double:
    return np.array([(g.astype(float) - c).std() for g, c in zip(grainy, clean, strict=True)])


def spectrum(clean: Codes, grainy: Codes) -> Double:
    """In decibels, of rings of luma's grain from 0.03 to 0.5 cycles a pixel."""
    grain = grainy.astype(float) - clean
    power = np.abs(np.fft.fft2(grain)) ** 2
    radii = np.hypot(*np.meshgrid(*(np.fft.fftfreq(n) for n in grain.shape), indexing="ij"))
    edges = np.linspace(0.03, 0.5, 9)
    rings = [power[(radii >= a) & (radii < b)].mean() for a, b in pairwise(edges)]
    return 10 * np.log10(rings / power.mean())


@pytest.mark.parametrize("bits", [8, 10])
def test_an_encoder_takes_the_table_and_a_player_shows_grain_as_ours_and_as_the_profile_says(
    tmp_path: Path, bits: int
) -> None:
    made = film()
    parameters = fit(made, PITCH, HALF)
    kind = np.uint8 if bits == 8 else np.uint16
    code = 110
    shapes = ((512, 512), (256, 256), (256, 256))
    clean: list[Codes] = [
        np.full(s, c << (bits - 8), kind) for s, c in zip(shapes, (code, 128, 128), strict=True)
    ]
    shown = played(clean, parameters, 4711, tmp_path)
    ours = applied(clean, parameters, 999, bits)
    unit = 1 << (bits - 8)
    np.testing.assert_allclose(deviation(clean, shown), deviation(clean, ours), rtol=0.08)
    luma = np.array([0.2126, 0.7152, 0.0722]) @ _grain(made, (code - 16) / 219)
    assert deviation(clean, shown)[0] / unit == pytest.approx(219 * np.sqrt(np.square(luma).sum()), rel=0.08)
    # One template of 64 x 64 pixels: few waves in the lowest ring.
    found = spectrum(clean[0], shown[0]) - spectrum(clean[0], ours[0])
    assert np.abs(found[1:]).mean() < 0.6 and np.abs(found).max() < 2


def _grain(profile: GrainProfile, value: float) -> Double:
    """A square root of the covariance of R, G and B at a grey value of the space, (3, 3)."""
    levels, sigmas = from_codes(profile.levels, profile.sigmas, COLOUR, SPACE)
    loud = [np.interp(value, *c) for c in zip(levels, sigmas, strict=True)]
    return np.diag(loud) @ np.linalg.cholesky(profile.correlation.astype(np.float64))


def test_the_text_of_a_profile_says_its_times_and_comes_back() -> None:
    made = film().grey()
    table = table_text(made, PITCH, HALF, 24000 / 1001, 24, 47, seed=5)
    (segment,) = read(table.encode(), "a.tbl")
    assert (segment.start, segment.end, segment.seed) == (10_010_000, 20_020_000, 5)
    (endless,) = read(table_text(made, PITCH, HALF, 25).encode(), "a.tbl")
    assert (endless.start, endless.end) == (0, FOREVER)
    back = profile_from_table(table.encode(), "a.tbl", HALF, made.width, made.pixels)
    np.testing.assert_allclose(response(back, 0), response(made, 0), rtol=0.05)
    assert back.name == "a.tbl"


def test_of_several_grains_the_longest_counts() -> None:
    loud, quiet = (table_text(film(s).grey(), PITCH, HALF, 25) for s in (0.03, 0.01))
    first = quiet.replace(str(FOREVER), "1000")
    second = (
        "".join(loud.splitlines(keepends=True)[1:]).replace("E 0 ", "E 1000 ").replace(str(FOREVER), "1500")
    )
    more = second.splitlines()[0].replace("E 1000 1500 1", "E 1500 9000 1")[:-1] + "0\n"
    for content, sigma in ((first + second, 0.01), (first + second + more, 0.03)):
        back = profile_from_table(content.encode(), "a.tbl", HALF, 24.9, 2048)
        np.testing.assert_allclose(response(back, 0), response(film(sigma).grey(), 0), rtol=0.06)


def test_a_profile_without_grain_makes_a_table_without_and_that_is_no_profile() -> None:
    table = table_text(film(0.0), PITCH, HALF, 24)
    (segment,) = read(table.encode(), "a.tbl")
    assert segment.parameters and segment.parameters.points == ((), (), ())
    with pytest.raises(InputError, match=r"a\.tbl has no grain: the scaling points"):
        profile_from_table(table.encode(), "a.tbl", HALF, 24.9, 2048)
    silent = table_text(film(), PITCH, HALF, 24).replace(" 1 7391 1", " 0 7391 1")
    with pytest.raises(InputError, match=r"a\.tbl has no grain: apply_grain is 0"):
        profile_from_table(silent.encode(), "a.tbl", HALF, 24.9, 2048)


def test_grain_that_is_too_loud_near_black_alone_is_as_loud_there_as_can_be() -> None:
    made = film(0.05).grey()
    made.sigmas[:, :1] *= 6
    parameters = fit(made, PITCH, HALF)
    assert parameters.scaling_shift == 8 and max(y for _, y in parameters.points[0]) == 255
    back = profile_of(parameters, HALF, "b", made.width, made.pixels)
    np.testing.assert_allclose(response(back, 0)[3:], response(made, 0)[3:], rtol=0.05)


def test_grain_that_is_too_loud_and_spaces_of_light_are_refused() -> None:
    with pytest.raises(InputError, match="more than AV1's film grain can have"):
        fit(film(0.6), PITCH, HALF)
    with pytest.raises(ColourError, match="choose the video space of the encode"):
        fit(film(), PITCH, Encode(COLOUR, "ACEScg"))


@pytest.mark.parametrize("kind", ["white", "one level", "soft", "against", "band"])
def test_extreme_profiles_make_tables_that_can_be_read(kind: str) -> None:
    made = film()
    profile = {
        "white": replace(made, power=np.ones_like(made.power)),
        "one level": replace(made, levels=made.levels[:, 5:6], sigmas=made.sigmas[:, 5:6]),
        "soft": film(soft=6),
        "against": replace(
            made, correlation=np.array([[1, -0.5, -0.4], [-0.5, 1, -0.3], [-0.4, -0.3, 1]], np.float32)
        ),
        "band": replace(made, power=np.tile(made.frequencies > 20, (3, 1)).astype(np.float32)),
    }[kind]
    content = table_text(profile, PITCH, Encode(COLOUR, SPACE, (1, 0)), 24).encode()
    back = profile_from_table(content, "a.tbl", Encode(COLOUR, SPACE, (1, 0)), 24.9, 2048)
    assert np.isfinite(back.power).all() and np.isfinite(back.sigmas).all()
    assert (np.diff(back.levels) > 0).all() and len(back.channels) == 3
    np.testing.assert_allclose(response(back, 1), response(profile, 1), rtol=0.3)
