from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from interneg.defects.company import COMPANY, LIKELY, company

SIZE = (1080, 1920)


def told(places: npt.NDArray[np.float64], **given: npt.ArrayLike) -> dict[str, npt.NDArray[np.float64]]:
    """What is known of the others beside each of these candidates, by its name."""
    count = len(places)
    facts = {
        "likely": np.ones(count), "rarity": np.zeros(count),
        "of_scene": np.zeros(count, np.bool_), "signs": np.ones(count, np.int64),
    } | {name: np.asarray(value) for name, value in given.items()}  # fmt: skip
    made = company(facts["likely"], facts["rarity"], facts["of_scene"], facts["signs"], places, SIZE)
    return dict(zip(COMPANY, made.T, strict=True))


def test_one_alone_has_no_others() -> None:
    alone = told(np.array([[500.0, 900.0]]))
    for name in COMPANY:
        assert alone[name].tolist() == ([0.0] if name == "rarity" else [pytest.approx(np.log(0.5))])


def test_others_count_in_100_000_pixels_around() -> None:
    places = np.array([[540.0, 960.0], [540.0, 1000.0], [600.0, 960.0], [540.0, 1500.0]])
    area = 392**2 / 100_000
    assert np.exp(told(places)["every"]) - 0.5 == pytest.approx([2 / area, 2 / area, 2 / area, 0], abs=1e-9)
    halves = told(places, likely=[1, 0.5, 0.25, 1])["likely"]
    assert np.exp(halves[:3]) - 0.5 == pytest.approx(np.array([0.75, 1.25, 1.5]) / area)


def test_at_a_corner_the_area_is_what_there_is_of_it() -> None:
    inner, corner = (told(np.array([[y, x], [y + 20, x + 20]]))["every"] for y, x in ((500, 900), (0, 0)))
    assert np.exp(corner[0]) - 0.5 == pytest.approx((np.exp(inner[0]) - 0.5) * (392 / 200) ** 2)


def test_what_the_others_are_is_told_apart() -> None:
    places = np.array([[500.0, 900.0 + 10 * k] for k in range(4)])
    area = 392**2 / 100_000
    made = told(
        places, signs=[1, 1, -1, -1], likely=[1, 1, 1, 0], of_scene=[False, False, False, True],
        rarity=[0, 0, 1, 3],
    )  # fmt: skip
    counts = {name: (np.exp(values) - 0.5) * area for name, values in made.items() if name != "rarity"}
    assert counts["likely"] == pytest.approx([2, 2, 2, 3])
    assert counts["likely alike"] == pytest.approx([1, 1, 0, 1], abs=1e-9)
    assert counts["of scene"] == pytest.approx([1, 1, 1, 0], abs=1e-9)
    assert counts["flying"] == pytest.approx([1, 1, 1, 0], abs=1e-9)
    assert made["rarity"] == pytest.approx([4 / 3, 4 / 3, 1, 1 / 3])


def test_none_has_no_company() -> None:
    nothing = np.empty(0)
    made = company(nothing, nothing, nothing > 0, nothing.astype(np.int64), np.empty((0, 2)), SIZE)
    assert made.shape == (0, len(COMPANY)) and COMPANY[LIKELY] == "likely"
