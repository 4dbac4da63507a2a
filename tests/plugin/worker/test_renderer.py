"""What the worker renders is what batch renders: the same bits for the same frames."""

from __future__ import annotations

import gc
import hashlib
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.engines.source import Engines
from interneg.frame import Frame, Pixels
from interneg.io import open_clip
from interneg.io.image_writer import write_image
from interneg.node import Node, View
from interneg.nodes import NODES
from interneg.plugin.batch.job import Job
from interneg.plugin.batch.render import render
from interneg.plugin.worker.memory import CalledOff
from interneg.plugin.worker.protocol import Action, Image, Render, Shown
from interneg.plugin.worker.renderer import Renderer
from interneg.recipe import Recipe
from tests.toys import BrightRows, LessReference

SPACE = "ACEScg"


class Quiet:
    def start(self, total: int) -> None: ...

    def status(self, text: str) -> None: ...

    def step(self, number: int, outcome: str) -> None: ...


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer({**NODES, "doubled": BrightRows, "plate": LessReference}, 2**30)


@pytest.fixture
def with_mean(temporal_mean: Any) -> Renderer:
    return Renderer({"temporal-mean": temporal_mean}, 2**30)


@dataclass
class Asked:
    """A request in the making: its images as arrays, and where they lie."""

    node: str
    knobs: dict[str, Any] = field(default_factory=dict)
    time: int = 1
    frames: dict[int, Any] = field(default_factory=dict)
    span: tuple[int, int] | None = None
    size: tuple[int, int] | None = None
    at: dict[int, tuple[int, int]] = field(default_factory=dict)
    output_at: tuple[int, int] = (0, 0)
    mask: Any = None
    mask_at: tuple[int, int] = (0, 0)
    reference: Any = None
    matte: Any = None
    matte_at: tuple[int, int] = (0, 0)
    fit: bool = False
    premultiplied: bool = True
    digests: bool = False
    space: str = SPACE

    def request(self, kind: type = Render, **facts: Any) -> tuple[Any, list[Pixels]]:
        views, images, shown = [], [], []

        def add(pixels: Any, x: int, y: int) -> int:
            height, width, count = pixels.shape
            channels = get_args(get_type_hints(Image)["channels"])
            images.append(Image(width, height, next(c for c in channels if len(c) == count), x, y))
            views.append(np.ascontiguousarray(pixels, np.float32))
            return len(images) - 1

        for number, pixels in self.frames.items():
            digest = hashlib.md5(pixels.tobytes()).hexdigest() if self.digests else ""
            shown.append(Shown(number, add(pixels, *self.at.get(number, (0, 0))), digest))
        mask = None if self.mask is None else add(self.mask, *self.mask_at)
        reference = None if self.reference is None else add(self.reference, 0, 0)
        matte = None if self.matte is None else add(self.matte, *self.matte_at)
        height, width, count = self.frames[self.time].shape
        size = self.size or (width, height)
        first, last = self.span or (min(self.frames), max(self.frames))
        if kind is Render:
            target = np.full((size[1], size[0], count), np.nan, np.float32)
            facts["output"] = add(target, *self.output_at)
        else:
            facts["output"] = None
        request = kind(
            node=self.node, knobs=self.knobs, time=self.time, first=first, last=last, space=self.space,
            premultiplied=self.premultiplied, aspect=1.0, format=(width, height), images=images, frames=shown,
            mask=mask, reference=reference, matte=matte, fit=self.fit, **facts,
        )  # fmt: skip
        return request, views

    def rendered(self, renderer: Renderer) -> Pixels:
        request, views = self.request()
        renderer.render(request, views, lambda: False)
        return views[request.output]


def draw(number: int, height: int = 24, width: int = 32, channels: int = 4) -> Pixels:
    picture = np.random.default_rng(1).uniform(-0.05, 4, (height, width, channels))
    noise = np.random.default_rng(number).normal(0, 0.02, picture.shape)
    drawn = (picture + noise).astype(np.float32)
    if channels == 4:
        drawn[..., 3] = np.clip(drawn[..., 3], 0, 1)
    return drawn


@pytest.fixture
def batch(tmp_path: Path) -> Callable[..., dict[int, Pixels]]:
    """What `interneg render` makes of these frames, by number."""

    def run(node: Node, frames: dict[int, Pixels], mask: Pixels | None = None) -> dict[int, Pixels]:
        (tmp_path / "in").mkdir()
        inputs = {}
        for number, pixels in frames.items():
            frame = Frame.of(pixels.transpose(2, 0, 1), number=number)
            path = tmp_path / "in" / f"plate.{number:04d}.exr"
            write_image(path, frame, attributes={}, warn=lambda kind, sentence: None)
        if mask is not None:
            inputs["mask"] = str(tmp_path / "mask.exr")
            matte = Frame.of(mask.transpose(2, 0, 1), "A")
            write_image(Path(inputs["mask"]), matte, attributes={}, warn=lambda kind, sentence: None)
        recipe = Recipe((node,), input_space=SPACE, inputs=inputs)
        job = Job(recipe, str(tmp_path / "in"), str(tmp_path / "out" / "made.####.exr"))
        render(job, Colour(), Engines(), Quiet())
        clip = open_clip(tmp_path / "out")
        return {n: clip.read(n).pixels.transpose(1, 2, 0) for n in clip.numbers}

    return run


@pytest.mark.parametrize("knobs", [{}, {"scale": "2", "noise": 8}, {"strength": 0.5, "fidelity_lock": True}])
def test_denoise_sr_is_that_of_batch(renderer: Renderer, batch: Any, knobs: dict[str, Any]) -> None:
    frames = {1: draw(1, 120, 160)}
    made = batch(NODES["denoise-sr"].with_knobs(knobs), frames)[1]
    size = (made.shape[1], made.shape[0])
    asked = Asked("denoise-sr", knobs, frames=frames, size=size)
    assert asked.rendered(renderer).tobytes() == made.tobytes()


@pytest.mark.parametrize("digests", [False, True])
def test_windows_and_cuts_are_those_of_batch(
    with_mean: Renderer, batch: Any, temporal_mean: Any, digests: bool
) -> None:
    shots = {n: draw(n) if n < 9 else draw(n)[::-1, ::-1] * 0.5 for n in range(1, 17)}
    mask = np.random.default_rng(3).uniform(-0.2, 1.2, (24, 32, 1)).astype(np.float32)
    made = batch(temporal_mean(radius=2), shots, mask)
    for time in shots:
        # What the shell gives: the reach, three more on each side, within the clip.
        near = {n: p for n, p in shots.items() if abs(n - time) <= 5}
        asked = Asked("temporal-mean", {"radius": 2}, time, near, span=(1, 16), mask=mask, digests=digests)
        assert asked.rendered(with_mean).tobytes() == made[time].tobytes(), time


def test_what_several_windows_measure_is_measured_once(with_mean: Renderer, temporal_mean: Any) -> None:
    frames = {n: draw(n) for n in range(1, 9)}
    for time in range(3, 7):
        Asked("temporal-mean", {"radius": 2}, time, frames, digests=True).rendered(with_mean)
    assert len(temporal_mean.measured) == 8
    with_mean.forget()
    Asked("temporal-mean", {"radius": 2}, 3, frames, digests=True).rendered(with_mean)
    assert len(temporal_mean.measured) == 13


def test_frames_are_let_go_of_at_once(with_mean: Renderer) -> None:
    gc.disable()
    try:
        request, views = Asked("temporal-mean", {"radius": 2}, 3, {n: draw(n) for n in range(1, 6)}).request()
        seen = [weakref.ref(view) for view in views]
        with_mean.render(request, views, lambda: False)
        views.clear()
        assert [ref() for ref in seen] == [None] * 6
    finally:
        gc.enable()


def test_what_the_host_gives_beyond_the_window_is_there(renderer: Renderer) -> None:
    request, views = Asked("doubled", {}, 5, {5: draw(5), 40: draw(40)}, span=(1, 50)).request()
    seen: list[Frame] = []
    renderer._run(request, views, lambda: False, {}, lambda job: seen.append(job.source.frame(40)))
    assert seen[0].number == 40 and (seen[0].pixels.transpose(1, 2, 0) == draw(40)).all()


def test_equal_samples_in_another_shape_are_another_frame(with_mean: Renderer) -> None:
    pixels = draw(1)
    for shape in ((24, 32, 4), (32, 24, 4)):
        frames = {n: pixels.reshape(shape) for n in (1, 2)}
        asked = Asked("temporal-mean", {"radius": 1}, 1, frames, digests=True)
        assert np.allclose(asked.rendered(with_mean), pixels.reshape(shape), atol=1e-5)


def test_the_frame_before_stands_for_one_that_is_missing(with_mean: Renderer) -> None:
    given = {n: draw(n) for n in (2, 4, 5, 7)}
    whole = {1: given[2], 2: given[2], 3: given[2], 4: given[4], 5: given[5], 6: given[5], 7: given[7]}
    one, other = (
        Asked("temporal-mean", {"radius": 3}, 4, frames, span=(1, 7)).rendered(with_mean)
        for frames in (given, whole)
    )
    assert one.tobytes() == other.tobytes()


def test_a_time_outside_the_clip_is_rendered(with_mean: Renderer) -> None:
    asked = Asked("temporal-mean", {"radius": 1}, 9, {9: draw(3)}, span=(1, 5))
    assert np.allclose(asked.rendered(with_mean), draw(3), atol=1e-5)


def test_neighbours_are_brought_to_the_window_of_the_frame(with_mean: Renderer) -> None:
    small = draw(2, 10, 12)
    large = np.zeros((24, 32, 4), np.float32)
    large[4:14, 6:18] = small
    one = Asked("temporal-mean", {"radius": 1}, 1, {1: draw(1), 2: small}, at={2: (6, 4)}, digests=True)
    other = Asked("temporal-mean", {"radius": 1}, 1, {1: draw(1), 2: large}, digests=True)
    assert one.rendered(with_mean).tobytes() == other.rendered(with_mean).tobytes()


def test_a_mask_covers_what_it_lies_over(renderer: Renderer) -> None:
    source, mask = draw(1), np.ones((4, 5, 1), np.float32)
    asked = Asked("doubled", {}, 1, {1: source}, at={1: (-10, -8)}, mask=mask, mask_at=(-8, -6), fit=True)
    asked.output_at = (-10, -8)
    made = asked.rendered(renderer)
    touched = (made != source).any(axis=2)
    assert touched[2:6, 2:7].all() and touched.sum() == 20


@pytest.mark.parametrize("at", [(0, 0), (10, -6), (100, 100), (-3, 5)])
def test_the_output_is_a_part_and_the_rest_is_0(renderer: Renderer, at: tuple[int, int]) -> None:
    source = draw(1)
    whole = Asked("doubled", {}, 1, {1: source}, size=(64, 48)).rendered(renderer)
    part = Asked("doubled", {}, 1, {1: source}, size=(20, 15), output_at=at).rendered(renderer)
    padded = np.zeros((200, 200, 4), np.float32)
    padded[50:98, 50:114] = whole
    expected = padded[50 + at[1] :, 50 + at[0] :][:15, :20]
    assert part[: len(expected)].tobytes() == expected.tobytes() or at == (100, 100)
    assert at != (100, 100) or not part.any()


def test_fitted_is_the_mean_of_the_pixels(renderer: Renderer) -> None:
    source = draw(1)
    source[3, 4, 1] = np.nan
    source[5, 6, 0] = np.inf
    made = Asked("doubled", {"unpremultiply": False}, 1, {1: source}, fit=True).rendered(renderer)
    good = np.isfinite(source).all(axis=2)
    assert np.allclose(made[good][:, :3], source[good][:, :3] + 1, atol=1e-5)
    assert made[~good].tobytes() == source[~good].tobytes()
    assert made[..., 3].tobytes() == source[..., 3].tobytes()


def test_strength_0_gives_the_input_bit_for_bit(renderer: Renderer) -> None:
    source = draw(1)
    source[0, 0] = np.nan
    made = Asked("doubled", {"strength": 0}, 1, {1: source}).rendered(renderer)
    assert made.tobytes() == source.tobytes()


@pytest.mark.parametrize(
    ("host", "own", "name"),
    [
        ("", "/nowhere.ocio", "studio-config"),
        ("ocio://cg-config-latest", "", "cg-config"),
        (None, "ocio://cg-config-latest", "cg-config"),
        (None, "", "studio-config"),
        ("ocio://ocio://default", "", "cg-config"),  # of MLT's making
    ],
)
def test_the_host_s_colour_configuration_counts(
    renderer: Renderer, monkeypatch: pytest.MonkeyPatch, host: str | None, own: str, name: str
) -> None:
    monkeypatch.setenv("OCIO", own)
    request, views = Asked("doubled", {}, 1, {1: draw(1)}).request(config=host)
    seen: list[str] = []
    renderer._configs._open.clear()
    renderer._run(request, views, lambda: False, {}, lambda job: seen.append(job.context.colour.name))
    assert seen[0].startswith(name)


def test_a_configuration_that_was_written_anew_is_read_anew(renderer: Renderer, tmp_path: Path) -> None:
    path = tmp_path / "config.ocio"
    seen: list[str] = []
    for name in ("first", "second"):
        path.write_text(
            f"ocio_profile_version: 2\nname: {name}\nroles: {{default: {SPACE}, scene_linear: {SPACE}}}\n"
            f"displays: {{s: [!<View> {{name: v, colorspace: {SPACE}}}]}}\n"
            f"colorspaces: [!<ColorSpace> {{name: {SPACE}, encoding: scene-linear}}]\n"
        )
        for _ in range(2):
            request, views = Asked("doubled", {}, 1, {1: draw(1)}).request(config=str(path))
            renderer._run(request, views, lambda: False, {}, lambda job: seen.append(job.context.colour.name))
    assert seen == ["first", "first", "second", "second"]


@pytest.mark.parametrize(("space", "notes"), [("Raw", 1), (SPACE, 0)])
def test_a_space_of_data_is_told(renderer: Renderer, space: str, notes: int) -> None:
    request, views = Asked("doubled", {}, 1, {1: draw(1)}, space=space).request(config="")
    told = renderer.render(request, views, lambda: False)["notes"]
    assert len(told) == notes and all("'Raw' is one of data" in note for note in told)


def test_a_reference_plate_is_seen(renderer: Renderer) -> None:
    made = Asked("plate", {"unpremultiply": False}, 1, {1: draw(1)}, reference=draw(2)).rendered(renderer)
    assert np.allclose(made[..., :3], draw(1)[..., :3] - draw(2)[..., :3], atol=1e-5)


def test_a_matte_is_laid_where_it_belongs(renderer: Renderer) -> None:
    frames = {n: draw(n) for n in range(1, 6)}
    knobs = {"matte": "replace", "grow": 0, "feather": 0, "unpremultiply": False}
    matte = np.ones((4, 6, 1), np.float32)
    asked = Asked("scratch-inpaint", knobs, 3, frames, matte=matte, matte_at=(10, 8))
    changed = (asked.rendered(renderer) != frames[3]).any(axis=-1)
    rows, columns = np.nonzero(changed)
    assert changed[8:12, 10:16].mean() > 0.9
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 11, 10, 15)


def test_colour_that_was_not_multiplied_by_alpha_is_not_divided(renderer: Renderer) -> None:
    source = np.full((8, 8, 4), 0.5, np.float32)
    given = {premultiplied: Asked("denoise-sr", {"noise": 30}, 1, {1: source}, premultiplied=premultiplied)
             for premultiplied in (True, False)}  # fmt: skip
    request, views = given[False].request()
    job_frame = renderer_frame(renderer, request, views)
    assert job_frame.metadata["oiio:UnassociatedAlpha"] == 1
    assert not renderer_frame(renderer, *given[True].request()).metadata


def renderer_frame(renderer: Renderer, request: Any, views: Sequence[Pixels]) -> Frame:
    seen: list[Frame] = []
    renderer._run(request, views, lambda: False, {}, lambda job: seen.append(job.source.frame(request.time)))
    return seen[0]


def test_a_measurement_that_another_request_left_is_made_again(tmp_path: Path) -> None:
    started, go, left = threading.Event(), threading.Event(), threading.Event()
    made = []

    class Measuring(BrightRows):
        """Opens an engine for something that is measured once for both requests."""

        @property
        def reach(self) -> tuple[int, int]:
            return (0, 1)

        def process(self, view: View) -> Pixels:
            def compute() -> int:
                started.set()
                go.wait(20)
                view.context.engines.open("denoise-sr-lite-x1")
                made.append(view.window.frame.number)
                return 1

            view.measure("test", compute, 0)
            return super().process(view)

    renderer = Renderer({"doubled": Measuring}, 2**30)
    frames = {1: draw(1), 2: draw(2)}
    outcomes: list[str] = []

    def work(called_off: Callable[[], bool]) -> None:
        request, views = Asked("doubled", {}, 1, frames, digests=True, size=(64, 48)).request()
        try:
            renderer.render(request, views, called_off)
            outcomes.append("done" if np.isfinite(views[request.output]).all() else "unwritten")
        except CalledOff:
            outcomes.append("called off")

    threads = [
        threading.Thread(target=work, args=(left.is_set,)),
        threading.Thread(target=work, args=(bool,)),
    ]
    threads[0].start()
    assert started.wait(20)
    threads[1].start()
    while renderer.admission.running < 2:
        go.wait(0.01)
    go.wait(0.2)  # the second waits for the measurement of the first
    left.set()
    go.set()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["called off", "done"] and made == [1]


def test_a_request_that_was_called_off_leaves_its_output(renderer: Renderer) -> None:
    request, views = Asked("doubled", {}, 1, {1: draw(1)}).request()
    with pytest.raises(CalledOff):
        renderer.render(request, views, lambda: True)
    assert np.isnan(views[request.output]).all()


@pytest.mark.parametrize("sigma", [3.0, 12.0])
def test_measure_noise_finds_what_was_added(renderer: Renderer, sigma: float) -> None:
    rng = np.random.default_rng(2)
    noisy = 0.45 + rng.normal(0, sigma / 255, (192, 256, 1)) * np.ones(3)
    asked = Asked("denoise-sr", {"noise": 50}, 7, {7: noisy}, space="sRGB - Display")
    request, views = asked.request(Action, action="measure_noise")
    answer = renderer.act(request, views, lambda: False)
    assert answer["knobs"]["noise"] == pytest.approx(sigma, rel=0.15)
    assert f"frame 7 is {answer['knobs']['noise']:.1f} code values" in answer["message"]


def test_a_profile_that_was_measured_is_a_file_whose_name_the_knob_gets(
    renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from interneg.grain.profile_file import profile

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    rng = np.random.default_rng(2)
    noisy = 0.45 + rng.normal(0, 9 / 255, (192, 256, 3))
    asked = Asked("grain-match", {"gate": 12.5}, 7, {7: noisy}, space="sRGB - Display")
    answers = []
    for _ in range(2):
        request, views = asked.request(Action, action="analyse_grain")
        answers.append(renderer.act(request, views, lambda: False))
    file = Path(answers[0]["knobs"]["profile"])
    assert answers[0] == answers[1] and file.is_relative_to(tmp_path) and str(file) in answers[0]["message"]
    found = profile(file.read_bytes(), "a")
    assert found.width == 12.5 and found.pixels == 256 and found.sigmas.any()


def test_a_report_shows_both_pictures(
    renderer: Renderer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import cv2

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    asked = Asked("doubled", {}, 4, {4: draw(1)})
    for _ in range(12):
        request, views = asked.request(Action, action="report")
        message = renderer.act(request, views, lambda: False)["message"]
    page = Path(message.removeprefix("The report is ").removesuffix(" (open it in a browser)"))
    assert "Doubled, frame 4" in page.read_text() and "<dd>1.0</dd>" in page.read_text()
    before, after = (np.asarray(cv2.imread(str(page.parent / f"{name}.png"))) for name in ("before", "after"))
    assert before.shape == (24, 32, 3) and after.shape == (48, 64, 3)
    assert (before == before.max()).mean() < 1 and (after[1::2] >= after[::2]).all()
    assert len(list(tmp_path.glob("interneg/reports/report-*"))) == 10


def test_a_button_that_a_node_does_not_have(renderer: Renderer) -> None:
    from interneg.errors import UsageError

    request, views = Asked("doubled", {}, 1, {1: draw(1)}).request(Action, action="measure_noise")
    with pytest.raises(UsageError, match="doubled has no button 'measure_noise'; it has: report"):
        renderer.act(request, views, lambda: False)
