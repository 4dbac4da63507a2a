from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from interneg.errors import InputError
from interneg.grain.av1_player import applied, curve, gaussian, noise, templates
from interneg.grain.av1_table import Parameters, Points
from tests.players import played

PLAIN = (128, 192, 256)


def parameters(points: tuple[Points, Points, Points], lag: int = 0, **other: Any) -> Parameters:
    count = 2 * lag * (lag + 1)
    facts: dict[str, Any] = dict(
        lag=lag, coefficient_shift=7, grain_shift=0, scaling_shift=8, chroma_from_luma=False, overlap=False,
        cb=PLAIN, cr=PLAIN, points=points, 
        coefficients=((0,) * count, (0,) * (count + 1), (0,) * (count + 1)),
    )  # fmt: skip
    return Parameters(**facts | other)


def flat(code: int, height: int = 64, width: int = 96, bits: int = 8) -> list[npt.NDArray[Any]]:
    kind = np.uint8 if bits == 8 else np.uint16
    chroma = np.full(((height + 1) // 2, (width + 1) // 2), 128 << (bits - 8), kind)
    return [np.full((height, width), code, kind), chroma, chroma]


ALL: tuple[Points, Points, Points] = (((0, 100),),) * 3


def test_our_numbers_have_the_deviation_and_the_range_that_the_specification_names() -> None:
    numbers = gaussian()
    assert numbers.shape == (2048,) and not (numbers % 4).any()
    assert numbers.min() >= -2048 and numbers.max() <= 2047
    assert abs(numbers.mean()) < 1 and numbers.std() == pytest.approx(512, rel=2e-3)
    assert abs(np.corrcoef(numbers[1:], numbers[:-1])[0, 1]) < 0.05


def test_the_grain_has_the_deviation_that_the_scaling_says_and_depends_on_the_seed() -> None:
    clean = flat(100, 256, 256)
    one, same, other = (applied(clean, parameters(ALL), seed) for seed in (7, 7, 8))
    for plane, again, third, picture in zip(one, same, other, clean, strict=True):
        np.testing.assert_array_equal(plane, again)
        assert (plane != third).mean() > 0.5
        assert plane.dtype == picture.dtype and plane.shape == picture.shape
        assert (plane.astype(float) - picture).std() == pytest.approx(32 * 100 / 256, rel=0.05)


def test_a_plane_without_points_stays_bit_for_bit() -> None:
    points = ((), ALL[1], ALL[2])
    found = applied(flat(100), parameters(points), 7)
    np.testing.assert_array_equal(found[0], flat(100)[0])
    assert found[1].std() > 5
    (luma,) = applied(flat(100)[:1], parameters((ALL[0], (), ())), 7)
    assert luma.std() > 5


def test_scaling_is_straight_between_points_and_flat_beyond() -> None:
    found = curve(((16, 40), (116, 90), (216, 20)))
    np.testing.assert_array_equal(found[[0, 16, 66, 116, 166, 216, 255]], [40, 40, 65, 90, 55, 20, 20])
    assert curve(((0, 0), (255, 255)), 10)[513] == 128


def test_codes_are_clipped_to_the_range_that_is_asked_for() -> None:
    for restricted, low, high in ((False, 0, 255), (True, 16, 235)):
        dark = applied(flat(20, 256, 256), parameters(ALL), 7, restricted=restricted)[0]
        bright = applied(flat(230, 256, 256), parameters(ALL), 7, restricted=restricted)[0]
        assert dark.min() == low and bright.max() == high


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (33, 31), (65, 3)])
@pytest.mark.parametrize("overlap", [False, True])
def test_pictures_of_any_size_get_grain(size: tuple[int, int], overlap: bool) -> None:
    clean = flat(100, *size)
    found = applied(clean, parameters(ALL, overlap=overlap), 7)
    assert [p.shape for p in found] == [p.shape for p in clean]
    # A smaller picture is the corner of a larger one.
    large = applied(flat(100, 70, 70), parameters(ALL, overlap=overlap), 7)
    np.testing.assert_array_equal(found[0], large[0][: size[0], : size[1]])


def test_chroma_of_another_size_is_refused() -> None:
    luma, cb, cr = flat(100)
    with pytest.raises(InputError, match=r"expected 4:4:4, 4:2:2 or 4:2:0"):
        applied([luma, cb[:-1], cr], parameters(ALL), 7)


def test_the_filter_makes_the_correlation_that_its_coefficients_say() -> None:
    # 0.5 of the pixel to the left: neighbours are alike by 0.5, and louder by 1 / sqrt(1 - 0.25).
    beside = ((0, 0, 0, 64), (0, 0, 0, 64, 0), (0, 0, 0, 0, 64))
    luma, cb, cr = templates(parameters(ALL, 1, coefficients=beside), range(1, 40), 10, (0, 0))
    inner = luma[5:, 10:-5].astype(float)
    assert np.corrcoef(inner[:, 1:].ravel(), inner[:, :-1].ravel())[0, 1] == pytest.approx(0.5, abs=0.02)
    assert inner.std() == pytest.approx(128 / np.sqrt(0.75), rel=0.02)
    assert np.corrcoef(cr[5:, 10:-5].ravel(), inner.ravel())[0, 1] == pytest.approx(
        0.5 * inner.std() / np.hypot(128, 0.5 * inner.std()), abs=0.02
    )
    assert abs(np.corrcoef(cb[5:, 10:-5].ravel(), inner.ravel())[0, 1]) < 0.02


@pytest.mark.slow
def test_a_player_shows_the_same_bits_once_its_numbers_are_known(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """dav1d against ours, over all that a table can say; its Gaussian numbers are seen in plain tables."""
    numbers = _numbers_of_the_player(tmp_path_factory)
    assert numbers.std() == pytest.approx(gaussian().std(), rel=2e-3)
    for bits, made in _tables():
        rng = np.random.default_rng(1)
        kind = np.uint8 if bits == 8 else np.uint16
        clean = [rng.integers(0, 1 << bits, s).astype(kind) for s in ((203, 331), (102, 166), (102, 166))]
        shown = played(clean, made, 4711, tmp_path_factory.mktemp("played"))
        for plane, ours in zip(shown, applied(clean, made, 4711, bits, numbers=numbers), strict=True):
            np.testing.assert_array_equal(ours, plane)


def _tables() -> Iterator[tuple[int, Parameters]]:
    rng = np.random.default_rng(0)
    own: tuple[Points, ...] = (((0, 20), (100, 120), (255, 80)), ((30, 180), (255, 40)), ((128, 90),))
    for bits, from_luma, lag in ((8, False, 3), (8, True, 2), (10, True, 1), (10, False, 3)):
        count = 2 * lag * (lag + 1)
        rows = [tuple(rng.integers(-14, 20, n).tolist()) for n in (count, count + 1, count + 1)]
        yield bits, parameters(
            (own[0], (), ()) if from_luma else (own[0], own[1], own[2]), lag,
            chroma_from_luma=from_luma, overlap=not from_luma, grain_shift=1, scaling_shift=9,
            cb=(140, 180, 250), cr=(120, 192, 262), coefficients=tuple(rows),
        )  # fmt: skip


def _numbers_of_the_player(folders: pytest.TempPathFactory) -> npt.NDArray[np.int32]:
    """The 2,048 Gaussian numbers, from flat pictures: halved on the left, nearly whole on the right."""
    made = parameters((((64, 128), (128, 255)),) * 3)
    clean = flat(256, 256, 1024, 10)
    clean[0][:, 512:] = 512
    seen = np.full((2, 2048), -9999)
    # Which number each pixel shows: in 12 bits numbers are as they are.
    for seed in (7391, 12345, 54321):
        which = noise(made, 256, 1024, seed, 12, (1, 1), np.arange(2048, dtype=np.int32))
        shown = played(clean, made, seed, folders.mktemp("numbers"))
        for plane, at, picture in zip(shown, which, clean, strict=True):
            grain = plane.astype(int) - picture
            for side, part in enumerate(np.split(np.arange(plane.shape[1]), 2)):
                seen[side, at[:, part]] = grain[:, part]
    numbers = np.arange(-512, 512)
    known = {((128 * g + 128) >> 8, (255 * g + 128) >> 8): 4 * g for g in numbers.tolist()}
    return np.array([known[low, high] for low, high in seen.T.tolist()], np.int32)
