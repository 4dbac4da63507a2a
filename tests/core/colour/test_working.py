"""Into the working spaces and back, for the whole range a picture can have."""

import numpy as np
import pytest

from interneg.colour import Colour, WorkingSpace
from interneg.colour.working import fold, to_luma, to_rgb, unfold
from interneg.errors import ColourError, InputError

colour = Colour("ocio://studio-config-latest")

LINEAR = ["ACEScg", "ACES2065-1", "lin_rec709", "lin_rec2020", "lin_p3d65", "lin_arri_wide_gamut_4"]
ENCODED = ["srgb_display", "rec1886_rec709_display", "rec2100_pq_display", "rec2100_hlg_display", "srgb_tx"]
LOG = ["ACEScct", "ADX10", "arri_logc4", "slog3_sgamut3"]


def greys(low: float = 1e-4, high: float = 1e4) -> np.ndarray:
    return np.broadcast_to(np.geomspace(low, high, 4001, dtype=np.float32), (3, 7, 4001))


def colours(low: float = 1e-4, high: float = 1e4) -> np.ndarray:
    """Colours of every level, each channel within two stops of it."""
    random = np.random.default_rng(1)
    level = np.geomspace(low, high / 4, 301, dtype=np.float32)
    return level * random.uniform(1, 4, (3, 40, 301)).astype(np.float32)


def returned(pixels: np.ndarray, space: str, working: WorkingSpace) -> np.ndarray:
    return colour.leave(colour.enter(pixels, space, working), space, working)


@pytest.mark.parametrize("working", WorkingSpace)
@pytest.mark.parametrize("space", LINEAR)
def test_light_comes_back(space: str, working: WorkingSpace) -> None:
    np.testing.assert_allclose(returned(greys(), space, working), greys(), rtol=2e-5)
    np.testing.assert_allclose(returned(colours(), space, working), colours(), rtol=2e-5)


@pytest.mark.parametrize("space", ENCODED)
def test_encoded_pictures_keep_their_own_transfer(space: str) -> None:
    picture = np.concatenate([colours(), -colours()], axis=1)
    np.testing.assert_array_equal(colour.enter(picture, space, WorkingSpace.LOG_RGB), picture)
    np.testing.assert_array_equal(returned(picture, space, WorkingSpace.LOG_RGB), picture)
    np.testing.assert_allclose(returned(picture, space, WorkingSpace.LOG_Y), picture, rtol=2e-5)


@pytest.mark.parametrize("space", ENCODED + LOG)
def test_encoded_pictures_come_back_from_light(space: str) -> None:
    codes = np.random.default_rng(2).uniform(0.1, 0.9, (3, 30, 31)).astype(np.float32)
    error = np.abs(returned(codes, space, WorkingSpace.LINEAR_RGB) - codes)
    assert (error / codes.max(axis=0)).max() < 2e-5


@pytest.mark.parametrize("working", WorkingSpace)
def test_hdr_ramp_with_negatives(working: WorkingSpace) -> None:
    ramp = np.array([-10000, -100, -1, -0.01, -1e-4, 0, 1e-4, 0.18, 1, 16, 10000, 65504], np.float32)
    picture = np.broadcast_to(ramp, (3, 2, ramp.size))
    back = returned(picture, "lin_rec709", working)
    np.testing.assert_allclose(back, picture, rtol=2e-5, atol=2e-9)


@pytest.mark.parametrize("working", [WorkingSpace.LOG_RGB, WorkingSpace.LOG_Y])
def test_scenes_lie_within_the_range_of_networks(working: WorkingSpace) -> None:
    planes = colour.enter(colours(1e-3, 1), "ACEScg", working)
    assert planes[0].min() >= 0 and planes[0].max() <= 1 + 1e-6
    assert np.abs(planes).max() <= 1


@pytest.mark.parametrize("space", ["ACEScg", *LOG])
def test_light_of_0_and_1_are_codes_0_and_1_in_any_log(space: str) -> None:
    light = np.broadcast_to(np.array([0, 1], np.float32), (3, 1, 2))
    picture = colour.transform("scene_linear", space)(light)
    codes = colour.enter(picture, space, WorkingSpace.LOG_RGB)
    np.testing.assert_allclose(codes, light, atol=1e-5)
    mixed = np.concatenate([colours(1e-2, 1), -colours(1e-2, 1)], axis=1)
    np.testing.assert_allclose(returned(mixed, space, WorkingSpace.LOG_RGB), mixed, rtol=2e-5, atol=5e-7)


def test_folding_is_smooth_and_reversible() -> None:
    codes = np.concatenate([-np.geomspace(1e30, 1e-3, 4001), [0, 0.5, 1.5, -np.inf, np.nan]]).astype(
        np.float32
    )
    folded = codes.copy()
    fold(folded)
    finite = np.isfinite(codes)
    assert (np.diff(folded[:4001]) >= 0).all() and folded[finite].min() > -72
    np.testing.assert_array_equal(folded[codes >= -1], codes[codes >= -1])
    unfold(folded)
    np.testing.assert_allclose(folded, codes, rtol=1e-5)


def test_luma_is_bt601_of_the_encoded_picture() -> None:
    picture = colours()
    encoded = colour.enter(picture, "ACEScg", WorkingSpace.LOG_RGB).astype(np.float64)
    y, cb, cr = colour.enter(picture, "ACEScg", WorkingSpace.LOG_Y)
    luma = 0.299 * encoded[0] + 0.587 * encoded[1] + 0.114 * encoded[2]
    np.testing.assert_allclose(y, luma, rtol=3e-7)
    np.testing.assert_allclose(cb, (encoded[2] - luma) * 0.564, atol=5e-7)
    np.testing.assert_allclose(cr, (encoded[0] - luma) * 0.713, atol=5e-7)


def test_luma_of_neutrals_has_no_colour() -> None:
    planes = greys().copy()
    to_luma(planes)
    assert np.abs(planes[1:] / planes[0]).max() < 2e-7
    to_rgb(planes)
    np.testing.assert_allclose(planes, greys(), rtol=5e-7)


@pytest.mark.parametrize("working", WorkingSpace)
@pytest.mark.parametrize("space", ["ACEScg", "lin_rec709", "srgb_display"])
def test_grey_is_the_neutral_of_rgb(space: str, working: WorkingSpace) -> None:
    grey = greys(1e-3, 1)[:1]
    plane = colour.enter(grey, space, working)
    assert plane.shape == grey.shape
    np.testing.assert_allclose(plane[0], colour.enter(greys(1e-3, 1), space, working)[0], rtol=1e-6)
    np.testing.assert_allclose(colour.leave(plane, space, working), grey, rtol=2e-5)


def test_planes_are_new_and_contiguous() -> None:
    interleaved = np.full((9, 11, 4), 0.5, np.float32)
    interleaved.flags.writeable = False
    view = interleaved.transpose(2, 0, 1)[:3]
    for working in WorkingSpace:
        for space in ("ACEScg", "srgb_display"):
            planes = colour.enter(view, space, working)
            assert planes.flags.c_contiguous and planes.flags.writeable and planes.dtype == np.float32
            assert not np.shares_memory(planes, interleaved)


def test_leaving_into_an_interleaved_picture() -> None:
    picture = colours()
    planes = colour.enter(picture, "lin_rec709", WorkingSpace.LOG_Y)
    target = np.full((*picture.shape[1:], 4), 7, np.float32)
    out = target.transpose(2, 0, 1)[:3]
    assert colour.leave(planes, "lin_rec709", WorkingSpace.LOG_Y, out) is out
    np.testing.assert_array_equal(out, colour.leave(planes, "lin_rec709", WorkingSpace.LOG_Y))
    assert (target[..., 3] == 7).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("working", WorkingSpace)
def test_non_finite_stays_in_its_pixel(value: float, working: WorkingSpace) -> None:
    picture = colours(1e-2, 10).copy()
    clean = returned(picture, "lin_rec709", working)
    picture[1, 5, 6] = value
    back = returned(picture, "lin_rec709", working)
    assert not np.isfinite(back[1, 5, 6])
    clean[:, 5, 6] = back[:, 5, 6]
    np.testing.assert_array_equal(back, clean)


def test_data_passes_through() -> None:
    picture = colours()
    for working in (WorkingSpace.LINEAR_RGB, WorkingSpace.LOG_RGB):
        np.testing.assert_array_equal(colour.enter(picture, "Raw", working), picture)


def test_rejects_what_is_no_picture() -> None:
    with pytest.raises(InputError, match="alpha"):
        colour.enter(np.zeros((4, 2, 2), np.float32), "ACEScg", WorkingSpace.LOG_Y)
    with pytest.raises(InputError, match="float64"):
        colour.enter(np.zeros((3, 2, 2)), "ACEScg", WorkingSpace.LOG_RGB)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="does not fit"):
        colour.leave(greys(), "ACEScg", WorkingSpace.LOG_RGB, np.empty((3, 2, 2), np.float32))
    with pytest.raises(ColourError, match="ACEScg"):
        colour.enter(greys(), "ACEScgg", WorkingSpace.LOG_RGB)
