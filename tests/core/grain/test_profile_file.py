from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from interneg.errors import InputError
from interneg.grain.profile import GrainProfile
from interneg.grain.profile_file import profile, text
from tests.grains import film


@pytest.mark.parametrize("channels", [3, 1])
def test_a_profile_comes_back_as_it_was_written(channels: int) -> None:
    made = film() if channels == 3 else film().grey()
    back = profile(text(made).encode(), "plate.grain.toml")
    for field in fields(GrainProfile):
        was, found = getattr(made, field.name), getattr(back, field.name)
        if isinstance(was, np.ndarray):
            np.testing.assert_allclose(found, was, rtol=1e-5)
        else:
            assert found == was


def test_directions_come_back_and_are_refused_where_they_cannot_be() -> None:
    made = film()
    terms = np.linspace(-0.4, 0.4, 2 * made.frequencies.size, dtype=np.float32).reshape(2, -1)
    written = text(replace(made, directions=terms))
    back = profile(written.encode(), "a")
    assert back.directions is not None
    np.testing.assert_allclose(back.directions, terms, rtol=1e-5)
    for was, becomes, message in (
        ("cos2 = [", "cos2 = [0.1, ", "cos2 and cos4 for each frequency"),
        ("cos2 = [-0.4", "cos2 = [-1.4", "add up to 1 at most"),
        ("cos4 = [", "cos4 = [nan, ", "cos2 and cos4"),
        ("cos4 =", "cos6 =", "cos6"),
    ):
        with pytest.raises(InputError, match=message):
            profile(written.replace(was, becomes).encode(), "a")


def test_what_is_read_is_written_as_it_was() -> None:
    written = text(film())
    assert text(profile(written.encode(), "a")) == written


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        ("interneg grain 1", "interneg grain 9", "which a newer Interneg wrote"),
        ("interneg grain 1", "grain", "is no grain profile: expected format"),
        ('name = "', "name = ", "not valid TOML"),
        ('kind = "film"', 'kind = "dust"', r"kind"),
        ("width_mm = 24.9", "width_mm = 0", "width_mm"),
        ("pixels = 2048", "pixels = 0.5", "pixels"),
        ("[response.G]", "[response.Q]", "response"),
        ("frames = 0.0", "frames = 7.0", "frames"),
        ("sigma = [", "sigma = [1.0, ", "as many levels as sigmas"),
        ("sigma = [0.0", "sigma = [-0.0", "below 0"),
        ("level = [0.", "level = [9.", "have to rise"),
        ("channels = [[1.0", "channels = [[0.5", "with 1 of each with itself"),
        ("frequency = [0.0", "frequency = [nan", "not finite"),
    ],
)
def test_a_damaged_foreign_or_newer_file_is_refused_in_a_sentence(
    was: str, becomes: str, message: str
) -> None:
    changed = text(film()).replace(was, becomes)
    with pytest.raises(InputError, match=message):
        profile(changed.encode(), "plate.grain.toml")


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(InputError, match="no UTF-8 text"):
        profile(b"\xff\xfe\x00", "plate.grain.toml")


def test_a_channel_that_is_missing_is_refused() -> None:
    whole = text(film())
    at = whole.index("[response.B]")
    with pytest.raises(InputError, match=r"R, G and B, or of Y"):
        profile((whole[:at] + whole[whole.index("[spectrum]") :]).encode(), "plate.grain.toml")
