from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from interneg.errors import InputError
from interneg.light.exposure_arrays import arrays
from interneg.light.exposure_file import Exposures, text
from interneg.light.steady import Correction
from interneg.light.waves import GRID

SIZE = (60, 80)


def correction(seed: int, rows: int = 0) -> Correction:
    rng = np.random.default_rng(seed)
    exposure, slope = rng.normal(0, 0.1, 2)
    field = rng.normal(0, 0.05, GRID)
    return Correction(exposure, slope, field, rng.normal(size=rows), -1.0, -5.0, 0.2)


def written(found: Mapping[int, tuple[Correction, ...]]) -> dict[str, bytes]:
    beside = arrays(found)
    steps = {n: (0.1, 1.02) for n in found}
    return {"e.json": text(SIZE, steps, found, {7}, beside).encode(), "e.npz": beside}


def opened(files: dict[str, bytes]) -> Exposures:
    def read(name: str) -> bytes:
        if name not in files:
            raise InputError(f"{name} cannot be read: No such file or directory")
        return files[name]

    return Exposures("e.json", read)


def edited(change: Callable[[dict[str, Any]], object]) -> Exposures:
    files = written({n: (correction(n),) for n in (7, 8)})
    data = json.loads(files["e.json"])
    change(data)
    return opened(files | {"e.json": json.dumps(data).encode()})


def test_a_file_says_what_was_written() -> None:
    found = {n: tuple(correction(4 * n + k, rows=30) for k in range(4)) for n in (7, 8, 12)}
    file = opened(written(found))
    file.require(found)
    for number, planes in found.items():
        read = file.corrections(number, SIZE, colour=True, bands=True)
        for one, other in zip(read, planes, strict=True):
            np.testing.assert_allclose(
                [one.exposure, one.slope, one.pivot, one.lowest, one.highest],
                [other.exposure, other.slope, other.pivot, other.lowest, other.highest], atol=2e-6,
            )  # fmt: skip
            np.testing.assert_allclose(one.field, other.field, atol=1e-7)
            np.testing.assert_allclose(one.rows, other.rows, atol=1e-6)
        assert len(file.corrections(number, SIZE, colour=False, bands=False)) == 1


def test_the_same_corrections_are_the_same_bytes() -> None:
    found = {n: (correction(n),) for n in (7, 8)}
    assert written(found) == written(dict(reversed(found.items())))


def test_a_person_may_edit_a_correction_switch_a_frame_off_and_leave_a_note() -> None:
    def change(data: dict[str, Any]) -> None:
        data["frames"]["7"]["correction"] = {"exposure": 1, "slope": 1.1}
        data["frames"]["7"]["note"] = "by hand"
        data["frames"]["8"]["use"] = False

    file = edited(change)
    (own,) = file.corrections(7, SIZE, colour=False, bands=False)
    np.testing.assert_allclose([own.exposure, own.slope], [np.log(2), 0.1])
    assert file.used(7) and not file.used(8)
    (none,) = file.corrections(8, SIZE, colour=False, bands=False)
    assert none.exposure == none.slope == 0 and not none.field.any()


def test_use_may_be_left_out() -> None:
    assert edited(lambda data: data["frames"]["7"].pop("use")).used(7)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(format="interneg exposures 2"), "format 'interneg exposures 2'.*another version"),
        (lambda d: d.update(format="interneg path 1"), "e.json is no file as .* 'interneg exposures 1'"),
        (lambda d: d.pop("size"), "two whole numbers, .* not None"),
        (lambda d: d.update(size=["wide", 3]), r"two whole numbers, .* not \['wide', 3\]"),
        (lambda d: d.pop("fields"), '"fields" to be the hash of the arrays'),
        (lambda d: d.update(frames=[1]), "e.json has no frames by number"),
        (lambda d: d["frames"].update(x={}), "has 'x', which is no number of a frame"),
        (lambda d: d.update(fields="0" * 64), "e.npz is not the one that was written with e.json"),
        (lambda d: d["frames"].pop("7"), "e.json has no frame 7, it has 8: analyse that frame"),
        (
            lambda d: d["frames"].update({"7": 3}),
            "frame 7: expected what is said of a frame, in braces, not 3",
        ),
        (lambda d: d["frames"]["7"].update(correction={"exposure": "much"}), "frame 7: expected correction"),
        (lambda d: d["frames"]["7"]["correction"].update(exposure=float("nan")), "frame 7: expected an exp"),
        (lambda d: d["frames"]["7"]["correction"].update(slope="2"), "frame 7: expected correction with two"),
        (
            lambda d: d["frames"]["7"]["correction"].update(slope=True),
            "frame 7: expected correction with two",
        ),
        (lambda d: d["frames"]["7"]["correction"].update(slope=0), "frame 7: .*slope above 0"),
        (
            lambda d: d["frames"]["7"]["correction"].update(exposure=1e9),
            "frame 7: expected .* 20 stops at most",
        ),
        (lambda d: d["frames"]["7"].update(use="no"), 'frame 7: expected "use" to be true or false'),
    ],
)
def test_nonsense_is_named(change: Callable[[dict[str, Any]], object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        edited(change).require([7])


def test_what_was_cut_off_or_is_missing_is_named() -> None:
    files = written({7: (correction(7),)})
    with pytest.raises(InputError, match=r"e\.json, line \d+, is not JSON"):
        opened(files | {"e.json": files["e.json"][:-20]})
    with pytest.raises(InputError, match=r"e\.json is not JSON: it is no text"):
        opened(files | {"e.json": b"\x80\x81\xff"})
    with pytest.raises(InputError, match=r"e\.json needs the fields that were written with it, e\.npz"):
        opened({"e.json": files["e.json"]})
    with pytest.raises(InputError, match=r"e\.npz is not the one that was written with"):
        opened(files | {"e.npz": files["e.npz"][:-20]})


def test_arrays_of_another_kind_are_named() -> None:
    other = io.BytesIO()
    np.savez(other, frames=np.array([7]))
    for content in (b"no archive", other.getvalue()):
        found = {7: (correction(7),)}
        made = text(SIZE, {7: (0.0, 1.0)}, found, (), content).encode()
        with pytest.raises(InputError, match=r"e\.npz is no file of fields"):
            opened({"e.json": made, "e.npz": content})


def test_another_size_and_what_was_not_measured_are_named() -> None:
    file = opened(written({7: (correction(7),)}))
    with pytest.raises(InputError, match="made for pictures of 80x60, frame 7 is 81x60"):
        file.corrections(7, (60, 81), colour=False, bands=False)
    with pytest.raises(InputError, match="made without colour"):
        file.corrections(7, SIZE, colour=True, bands=False)
    with pytest.raises(InputError, match="made without bands"):
        file.corrections(7, SIZE, colour=False, bands=True)
