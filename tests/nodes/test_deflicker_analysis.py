"""Deflicker by a file of exposures, as `interneg analyse` writes it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.errors import InputError
from interneg.frame import Frame, Pixels, Window
from interneg.light.measured_light import MeasuredLight, MeasuredLightFrame
from interneg.memo import Memo
from interneg.node import Context, View
from interneg.nodes.deflicker import Deflicker
from interneg.plugin.noted.records import NotedFrame, NotedFrames
from tests.lit import FRAMES, SCENE, Render, flicker, scene, unsteady


@dataclass
class Analysed:
    """A clip that flickers, what the node noted of it, and the files of its analysis."""

    damaged: Pixels
    seen: dict[int, MeasuredLightFrame]

    @property
    def files(self) -> dict[str, bytes]:
        made = MeasuredLight(self.seen)
        return {"e.json": made.text.encode(), "e.npz": made.beside[".npz"]}

    def render(self, spaces: Colour, files: dict[str, bytes], number: int, **knobs: Any) -> Pixels:
        """One frame by the file, with no other frames around."""
        node = Deflicker(exposures="e.json", **knobs)
        frame = Frame.of(self.damaged[number - 1], colour_space=SCENE, number=number)
        context = Context(spaces, None, Memo(9), read=files.__getitem__)  # type: ignore[arg-type]
        return node.render(Window((frame,), 0), context).pixels


def noted(damaged: Pixels, **knobs: Any) -> Analysed:
    """The analysis of a clip."""
    seen: dict[int, MeasuredLightFrame] = {}

    class Noting(Deflicker):
        """Notes what the node observes."""

        def render(self, window: Window, context: Context, mask: Frame | None = None) -> Frame:
            seen[window.frame.number] = self.observe(View(window, self.working_space, context))
            return window.frame

    Render(Colour())(damaged, Noting(**knobs))
    return Analysed(damaged, seen)


@pytest.fixture(scope="module")
def analysed() -> Analysed:
    return noted(scene() * flicker(0.15), colour=1.0, bands=1.0)


def test_by_the_file_each_frame_has_the_light_of_the_shot(colour: Colour, analysed: Analysed) -> None:
    files = analysed.files
    out = np.stack([analysed.render(colour, files, n) for n in range(1, FRAMES + 1)])
    level = np.log(out / scene()).mean(axis=(1, 2, 3))
    before = np.log(analysed.damaged / scene()).mean(axis=(1, 2, 3))
    assert level.std() < 0.15 * before.std()
    assert unsteady(out / scene()) < 0.1 * unsteady(analysed.damaged / scene())
    for knobs in ({"colour": 1.0}, {"bands": 1.0}, {"exposure": 0.0, "local": 0.0}):
        assert np.isfinite(analysed.render(colour, files, 5, **knobs)).all()
    np.testing.assert_allclose(
        analysed.render(colour, files, 5, exposure=0.0, local=0.0), analysed.damaged[4], rtol=2e-5
    )


def test_what_a_person_says_of_an_event_holds(colour: Colour, analysed: Analysed) -> None:
    """An event keeps how far it is from the frames around, and is as they are where it is said to be none."""
    own = analysed.damaged.copy()
    seen = dict(analysed.seen)
    found = MeasuredLight(seen)

    def change(made: MeasuredLight, number: int) -> float:
        files = {"e.json": made.text.encode(), "e.npz": made.beside[".npz"]}
        out = analysed.render(colour, files, number)
        return float(np.log(out / own[number - 1]).mean())

    marked = found.marked({8: True})
    assert '"8": {' in marked.text and '"event": true' in marked.text.split('"8": ')[1].split("\n")[0]
    around = (change(marked, 7) + change(marked, 9)) / 2
    assert change(marked, 8) == pytest.approx(around, abs=0.01)
    assert abs(change(found, 8) - (change(found, 7) + change(found, 9)) / 2) > 0.03
    # A frame that a window took for an event.
    planes = tuple(p._replace(event=True, around=replace(p.around, exposure=0.5)) for p in seen[8].planes)
    seen[8] = replace(seen[8], planes=planes)
    taken = MeasuredLight(seen)
    assert '"event": true' not in taken.marked({8: False}).text
    assert change(taken.marked({8: False}), 8) == pytest.approx(change(found, 8), abs=0.01)


def test_the_contrast_that_is_drawn_is_steadier_after_than_before() -> None:
    gamma = np.exp(0.08 * np.random.default_rng(3).normal(size=(FRAMES, 1, 1, 1)))
    contrast = MeasuredLight(noted(np.asarray(scene() ** gamma, np.float32)).seen).traces[1]
    assert contrast.after is not None
    before, after = (np.array([of[n] for n in sorted(of)]) for of in (contrast.before, contrast.after))
    np.testing.assert_allclose(np.diff(before), np.diff(np.log2(gamma.ravel())), atol=0.03)
    assert np.diff(after).std() < 0.25 * np.diff(before).std()


def test_an_edited_file_is_what_is_drawn(analysed: Analysed) -> None:
    made = MeasuredLight(analysed.seen)
    data = json.loads(made.text)
    data["frames"]["8"]["use"] = False
    changed = made.edited(json.dumps(data).encode(), "e.json")
    level = changed.traces[0]
    assert level.after is not None and made.traces[0].after is not None
    assert level.after[8] == pytest.approx(level.before[8], abs=1e-6)
    assert level.after[7] == pytest.approx(made.traces[0].after[7], abs=1e-5)
    with pytest.raises(InputError, match="not JSON"):
        made.edited(b"{", "e.json")


def test_what_is_noted_outlives_the_disk(analysed: Analysed, tmp_path: Path) -> None:
    kept = NotedFrames(tmp_path, Deflicker)
    for number, noted in analysed.seen.items():
        kept.keep(number, NotedFrame("key", False, noted))
    read = {n: kept.record(n, "key") for n in analysed.seen}
    again = Analysed(analysed.damaged, {n: r.noted for n, r in read.items() if r is not None})
    assert again.files == analysed.files


def test_a_frame_that_is_switched_off_comes_through_bit_for_bit(colour: Colour, analysed: Analysed) -> None:
    data = json.loads(analysed.files["e.json"])
    data["frames"]["5"].update(use=False, note="as it is")
    data["frames"]["6"]["correction"] = {"exposure": 1.0, "slope": 1.0}
    files = {**analysed.files, "e.json": json.dumps(data).encode()}
    np.testing.assert_array_equal(analysed.render(colour, files, 5), analysed.damaged[4])
    out = analysed.render(colour, files, 6, local=0.0)
    np.testing.assert_allclose(out / analysed.damaged[5], 2, rtol=1e-3)


def test_a_file_that_lacks_a_frame_is_refused_beforehand(analysed: Analysed) -> None:
    node = Deflicker(exposures="e.json")
    assert not node.needs_neighbours and not node.solved_by
    node.require([1, 2], analysed.files.__getitem__)
    with pytest.raises(InputError, match=r"e\.json has no frame 25, it has 1-24"):
        node.require([24, 25], analysed.files.__getitem__)


def test_a_fade_begins_and_ends_as_it_did(colour: Colour) -> None:
    frames = 44
    fade = 1 - 0.8 * np.clip((np.arange(frames) - 12) / 20, 0, 1)
    damaged = (scene(frames) * fade[:, None, None, None] ** 2.2).astype(np.float32)
    found = noted(damaged)
    for number in (*range(9, 17), *range(31, 37)):
        kept = found.render(colour, found.files, number)
        assert np.median(kept / damaged[number - 1]) == pytest.approx(1, abs=0.01)
