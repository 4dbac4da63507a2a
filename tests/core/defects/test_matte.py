from __future__ import annotations

import numpy as np
import pytest

from interneg.defects.matte import Marks, Mattes, in_steps, read_matte
from interneg.errors import InputError
from interneg.frame import Frame, Pixels

SIZE = (6, 8)
PLATE = Frame.of(np.zeros((3, *SIZE), np.float32), number=7)


def plane(seed: int) -> Pixels:
    return in_steps(np.random.default_rng(seed).uniform(0, 1, SIZE).astype(np.float32))


def stored_in(matte: Pixels, codes: int) -> Pixels:
    return np.asarray(np.rint(matte * codes) / codes, np.float32)


def read(channels: str | tuple[str, ...], *planes: Pixels) -> Mattes:
    return read_matte(Frame.of(np.stack(planes), channels), PLATE)


def test_steps_come_back_from_every_depth() -> None:
    matte = in_steps(np.linspace(0, 1, 48, dtype=np.float32).reshape(SIZE))
    stored = {
        "half": matte.astype(np.float16).astype(np.float32),
        **{f"uint{n}": stored_in(matte, 2**n - 1) for n in (8, 10, 12, 16)},
    }
    for depth, given in stored.items():
        np.testing.assert_array_equal(in_steps(given), matte, err_msg=depth)


def test_what_is_no_share_is_limited() -> None:
    given = np.array([[np.nan, np.inf, -np.inf, -3.0, 2.0, 0.5]], np.float32)
    np.testing.assert_array_equal(in_steps(given), np.array([[0, 0, 0, 0, 1, 128 / 255]], np.float32))


def test_channels_of_each_kind_are_told_apart() -> None:
    dirt, scratch, noise = plane(1), plane(2), plane(3)
    for made in (
        read(("R", "G", "B", "defects.dirt", "defects.scratch"), noise, noise, noise, dirt, scratch),
        read("RGB", dirt, scratch, noise),
        read("RGBA", dirt, scratch, noise, np.ones(SIZE, np.float32)),
        read("RGBA", dirt, scratch, noise, np.zeros(SIZE, np.float32)),
    ):
        np.testing.assert_array_equal(made.dirt, dirt)
        np.testing.assert_array_equal(made.scratch, scratch)


def test_a_painted_alpha_or_a_grey_picture_is_damage_of_either_kind() -> None:
    matte, noise = plane(1), plane(3)
    full = np.ones(SIZE, np.float32)
    for made, wanted in (
        (read("RGBA", noise, noise, noise, matte), matte),
        (read("A", matte), matte),
        (read("A", full), full),
        (read("Y", matte), matte),
        (read("RGB", matte, matte, matte), matte),
        (read(("ir",), matte), matte),
    ):
        np.testing.assert_array_equal(made.dirt, wanted)
        np.testing.assert_array_equal(made.scratch, wanted)


def test_one_kind_alone() -> None:
    made = read(("defects.scratch",), plane(1))
    assert not made.dirt.any() and made.scratch.any()


def test_a_matte_is_there_and_of_the_plates_size() -> None:
    with pytest.raises(InputError, match="none is there: give one, with --matte"):
        read_matte(None, PLATE)
    with pytest.raises(InputError, match="the matte of frame 7 is 8x5, the picture 8x6"):
        read_matte(Frame.of(np.zeros((1, 5, 8), np.float32)), PLATE)


def test_a_matte_adds_replaces_and_protects() -> None:
    own, given = Mattes(plane(1), plane(2)), Mattes(plane(3), plane(4))
    added = own.with_given(given, "add")
    np.testing.assert_array_equal(added.dirt, np.maximum(own.dirt, given.dirt))
    np.testing.assert_array_equal(added.scratch, np.maximum(own.scratch, given.scratch))
    assert own.with_given(given, "replace") is given
    left = own.with_given(given, "protect")
    np.testing.assert_allclose(left.dirt, np.minimum(own.dirt, 1 - given.both), atol=1e-6)
    none = Mattes(np.zeros(SIZE, np.float32), np.zeros(SIZE, np.float32))
    full = Mattes(np.ones(SIZE, np.float32), np.ones(SIZE, np.float32))
    np.testing.assert_array_equal(own.with_given(none, "protect").both, own.both)
    assert not own.with_given(full, "protect").both.any()


@pytest.mark.parametrize("name", ["ir", "IR", "infrared", "scan.ir", "Infrared.Y"])
def test_an_infrared_channel_is_found_by_name(name: str) -> None:
    shown = plane(1).copy()
    shown[0, 0] = np.nan
    frame = Frame.of(np.stack([plane(2), shown]), ("Y", name), number=3)
    marked = Marks("infrared", True, 0.3).of(frame)
    np.testing.assert_array_equal(marked, np.nan_to_num(shown, nan=1) < 0.3)
    np.testing.assert_array_equal(Marks("infrared", False, 0.3).of(frame), np.nan_to_num(shown) > 0.3)


@pytest.mark.parametrize(("channel", "words"), [("alpha", "no alpha"), ("infrared", "called ir or infrared")])
def test_a_channel_that_is_not_there_is_refused(channel: str, words: str) -> None:
    frame = Frame.of(np.zeros((4, *SIZE), np.float32), ("R", "G", "B", "air"), number=3)
    with pytest.raises(
        InputError, match=f"frame 3 has .*{words}, which the matte is to come from; it has R, G"
    ):
        Marks(channel, True, 0.5).of(frame)
