from __future__ import annotations

import numpy as np
import pytest

from interneg.engine import CORRECTED, Traits
from interneg.errors import KnobError
from interneg.frame import Pixels
from interneg.resize import cubic, reduce
from interneg.restore.own_model import corrected, restored

RGB = ("R", "G", "B")
QUIET = (np.full((1, 1), 0.0, np.float32),) * 2


class Guest:
    """A model that brightens by a tenth and enlarges, and remembers what it saw."""

    name = identity = "guest"

    def __init__(self, takes: tuple[str, ...] = RGB, scale: int = 1, gain: float = 1.1) -> None:
        self.scale, self.gain = scale, np.float32(gain)
        self.traits = Traits("picture", takes)
        self.seen: list[Pixels] = []

    def run(self, planes: Pixels, border: int | None = None) -> Pixels:
        self.seen.append(planes.copy())
        colours = planes[: 1 if "Y" in self.traits.takes else 3]
        return np.stack([cubic(p, self.scale) * self.gain for p in colours])


def picture(planes: int = 3) -> Pixels:
    """Y, Cb, Cr of a picture within 0..1."""
    given = np.random.default_rng(1).random((planes, 24, 32), np.float32)
    given[0] = 0.3 + 0.4 * given[0]
    given[1:] = 0.2 * (given[1:] - 0.5)
    return given


def test_within_0_to_1_it_is_what_the_model_makes() -> None:
    guest, given = Guest(), picture()
    made = restored(guest, given, QUIET, 1)
    np.testing.assert_allclose(made, given * np.float32(1.1), atol=1e-6)
    assert len(guest.seen) == 1
    assert 0 <= guest.seen[0].min() <= guest.seen[0].max() <= 1


@pytest.mark.parametrize(("own", "wanted"), [(4, 1), (4, 2), (4, 4), (3, 1), (3, 2), (2, 1)])
def test_a_model_that_enlarges_more_is_reduced(own: int, wanted: int) -> None:
    given = picture()
    made = restored(Guest(scale=own, gain=1), given, QUIET, wanted)
    assert made.shape == (3, 24 * wanted, 32 * wanted)
    np.testing.assert_allclose(made[:, 4:-4].mean(), given.mean(), atol=0.01)
    back = np.stack([reduce(p, wanted) for p in made])
    assert np.abs(back - given).mean() < 0.03


def test_a_model_that_enlarges_less_is_refused() -> None:
    with pytest.raises(KnobError, match="guest enlarges 2x, and scale asks for 4x: set scale to at most 2"):
        restored(Guest(scale=2), picture(), QUIET, 4)


def test_beyond_0_and_1_nothing_is_clamped_and_nothing_changes_elsewhere() -> None:
    given = picture()
    plain = restored(Guest(gain=1), given, QUIET, 1)
    given[0, 5, 5:9], given[0, 5, 12] = 40.0, -3.0
    guest = Guest(gain=1)
    made = restored(guest, given, QUIET, 1)
    np.testing.assert_allclose(made[0, 5, 5:9], 40.0, rtol=1e-3)
    np.testing.assert_allclose(made[0, 5, 12], -3.0, rtol=1e-3)
    assert len(guest.seen) == 2
    assert all(0 <= s.min() <= s.max() <= 1 for s in guest.seen)
    np.testing.assert_array_equal(made[:, 14:], plain[:, 14:])
    np.testing.assert_allclose(made[:, :14, 20:], plain[:, :14, 20:], atol=1e-5)


def test_white_is_no_highlight() -> None:
    """White of 1 comes out of Y, Cb, Cr as a little more than that."""
    given = picture()
    given[:, 5, 5] = 1.0, 0.0, 0.0
    given[:, 5, 9] = 0.114 - 1e-4, 0.5, -0.081  # a saturated blue
    guest = Guest(gain=1)
    restored(guest, given, QUIET, 1)
    assert len(guest.seen) == 1


def test_a_model_that_draws_beyond_its_range_gives_finite_numbers() -> None:
    given = picture()
    given[0, 5, 5:9] = 40.0
    assert np.isfinite(restored(Guest(gain=3), given, QUIET, 1)).all()


@pytest.mark.parametrize("planes", [1, 3])
def test_black_and_white_stays_so(planes: int) -> None:
    given = picture(planes)
    given[1:] = 0
    guest = Guest()
    made = restored(guest, given, QUIET, 1)
    np.testing.assert_allclose(made[0], given[0] * np.float32(1.1), atol=1e-6)
    assert not made[1:].any()
    np.testing.assert_array_equal(guest.seen[0][0], guest.seen[0][2])


def test_a_model_of_luma_leaves_colour_to_the_cubic_kernel() -> None:
    given = picture()
    made = restored(Guest(("Y",), scale=2), given, QUIET, 2)
    np.testing.assert_array_equal(made[1], cubic(given[1], 2))
    np.testing.assert_allclose(made[0], cubic(given[0], 2) * np.float32(1.1), atol=1e-6)


def test_noise_is_given_as_the_deviation_of_each_channel() -> None:
    """Of white noise of 0.1 in R, G and B; in one number its mean."""
    random = np.random.default_rng(2)
    share = random.uniform(0.5, 1.5, (24, 32)).astype(np.float32)
    luma, chroma = 0.1 * 0.6687 * share, 0.1 * 0.6323 * share
    for kind in ("sigma", "one sigma"):
        guest = Guest((*RGB, kind))
        restored(guest, picture(), (luma, chroma), 1)
        wanted = 0.1 * share if kind == "sigma" else np.full_like(share, 0.1 * share.mean())
        np.testing.assert_allclose(guest.seen[0][3], wanted, rtol=0.05)


class Corrector(Guest):
    """Adds a tenth to luma, and what it is told of the noise to Cb."""

    def __init__(self, scale: int = 1) -> None:
        super().__init__(scale=scale)
        self.traits = Traits("correction", CORRECTED)

    def run(self, planes: Pixels, border: int | None = None) -> Pixels:
        self.seen.append(planes)
        large = planes.repeat(self.scale, 1).repeat(self.scale, 2)
        return np.stack([np.full_like(large[0], 0.1), large[4], np.zeros_like(large[0])])


@pytest.mark.parametrize(("own", "wanted"), [(1, 1), (2, 2), (4, 2), (2, 1)])
def test_a_correction_is_added_and_reduced(own: int, wanted: int) -> None:
    given = picture()
    net = np.zeros((6, *given.shape[1:]), np.float32)
    net[:3], net[4] = given, 0.02
    made = corrected(Corrector(own), given, net, 3, wanted)
    plain = np.stack([reduce(cubic(p, own), own // wanted) for p in given])
    np.testing.assert_allclose(made[0], plain[0] + 0.1, atol=1e-5)
    np.testing.assert_allclose(made[1], plain[1] + 0.02, atol=1e-5)
    grey = corrected(Corrector(own), given, net, 1, wanted)
    np.testing.assert_allclose(grey[1], plain[1], atol=1e-6)


def test_a_correction_leaves_what_lies_beyond_its_range() -> None:
    given = picture()
    given[0, :12, :12] = 40.0
    net = np.zeros((6, *given.shape[1:]), np.float32)
    net[:3] = np.clip(given, -0.75, 1.6)
    made = corrected(Corrector(), given, net, 3, 1)
    np.testing.assert_array_equal(made[0, :8, :8], given[0, :8, :8])
    with pytest.raises(KnobError, match="enlarges 1x, and scale asks for 2x"):
        corrected(Corrector(), given, net, 3, 2)
