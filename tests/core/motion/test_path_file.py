from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interneg.errors import InputError
from interneg.motion.path_file import corrections, rounded, text
from interneg.motion.similarity import Motion

SIZE = (60, 80)
motions = st.builds(
    lambda s, a, x, y: Motion(s * np.exp(1j * a), complex(x, y)),
    st.floats(0.8, 1.25), st.floats(-0.3, 0.3), st.floats(-20, 20), st.floats(-20, 20),
)  # fmt: skip


def bent(warp: object) -> str:
    """A path file whose only frame is bent so."""
    data = json.loads(text(SIZE, {7: Motion()}, {7: Motion()}))
    data["frames"]["7"]["warp"] = warp
    return json.dumps(data)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"format":\n 1,,}', "p.json, line 2, is not JSON"),
        ("[]", "p.json is no file as `interneg analyse` writes it"),
        ('{"format": "interneg path 2"}', "of the format 'interneg path 2', .*: another version of Interneg"),
        (
            '{"format": "interneg path 1", "size": [80, 60], "frames": {"x": 1}}',
            "has 'x', which is no number",
        ),
        ('{"format": "interneg path 1", "size": [80, 60], "frames": {"7": 1}}', "frame 7: .*braces, not 1"),
        ('{"format": "interneg path 1", "size": [80, 60], "frames": {"7": {}}}', "frame 7: expected a corr"),
        (
            text(SIZE, {7: Motion()}, {7: Motion()}).replace('"dx": 0.0', '"dx": "0"'),
            "frame 7: expected a correction of four numbers",
        ),
        (bent([[1, 2], [3, 4]]), "frame 7: expected warp as rows of places"),
        (bent([[[1, 2], [3, 4]], [[1, 2]]]), "frame 7: expected warp as rows of places"),
        (
            bent([[[1, float("nan")]]]),
            r"frame 7: expected warp of 100000 pixels at most, not \[1, nan\] in row 1",
        ),
        (bent([[[1, 2]], [[1e9, 2]]]), "at most, not .* in row 2, place 1"),
        (bent("none"), "frame 7: expected warp as rows of places"),
        (text(SIZE, {7: Motion()}, {7: Motion()}).replace("}}", '}, "use": 0}'), "true or false, not 0"),
    ],
)
def test_a_bad_path_file_is_named_with_what_is_wrong(content: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        corrections(content.encode(), "p.json", SIZE)


@settings(deadline=None)
@given(st.dictionaries(st.integers(1, 9999), motions, min_size=1, max_size=4), st.sampled_from([1.0, 2.0]))
def test_a_path_file_says_what_was_written(found: dict[int, Motion], aspect: float) -> None:
    read, bends = corrections(text(SIZE, found, found, aspect).encode(), "p", SIZE, aspect)
    assert not bends and read == {n: rounded(m, aspect) for n, m in found.items()}
    assert read.keys() == found.keys()
    for number, motion in found.items():
        np.testing.assert_allclose(
            [read[number].turn, read[number].shift], [motion.turn, motion.shift], atol=3e-6
        )


def test_a_path_file_gives_a_bend_back() -> None:
    bend = np.random.default_rng(1).normal(0, 3, (2, 5, 2)).round(3).astype(np.float32)
    none = {7: Motion(), 8: Motion()}
    _, bends = corrections(text(SIZE, none, none, bends={8: bend}).encode(), "p", SIZE)
    assert list(bends) == [8]
    np.testing.assert_array_equal(bends[8], bend)


def test_a_frame_that_is_not_in_use_is_left_as_it_is() -> None:
    moved, bend = Motion(1.0, 4 + 2j), np.ones((2, 5, 2), np.float32)
    data = json.loads(text(SIZE, {7: moved, 8: moved}, {7: moved, 8: moved}, bends={8: bend}))
    data["frames"]["8"]["use"] = False
    read, bends = corrections(json.dumps(data).encode(), "p", SIZE)
    assert read == {7: moved, 8: Motion()} and not bends[8].any()
