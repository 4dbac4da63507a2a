"""Grey frames among colour ones, as black leader is that a program saved without its colour channels."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest

from interneg.colour import Colour
from interneg.engines.source import Engines
from interneg.errors import InputError
from interneg.frame import Frame
from interneg.graph import Graph
from interneg.io import open_clip
from interneg.io.image_reader import read_channels, read_image
from interneg.memo import Memo
from interneg.node import Context, Node
from interneg.nodes.deflicker import Deflicker
from interneg.nodes.denoise_sr import DenoiseSR
from interneg.nodes.grain_match import GrainMatch
from interneg.nodes.scratch_inpaint import ScratchInpaint
from interneg.nodes.stabilise import Stabilise
from interneg.plugin.batch.job import Job
from interneg.plugin.batch.render import render
from interneg.plugin.batch.source import ClipSource
from interneg.recipe import Recipe
from tests.pictures import picture
from tests.toys import TemporalMean

COLOUR = Colour()
ENGINES = Engines(precision="fp32")


class Silent:
    def start(self, total: int) -> None: ...

    def status(self, text: str) -> None: ...

    def part(self, index: int, count: int) -> None: ...

    def step(self, number: int, outcome: str) -> None: ...


def save(path: Path, planes: Any, kind: str = "uint8", **attributes: Any) -> None:
    spec = oiio.ImageSpec(planes.shape[2], planes.shape[1], planes.shape[0], kind)
    for name, value in attributes.items():
        spec[name.replace("__", ":")] = value
    out = oiio.ImageOutput.create(str(path))
    assert out
    assert out.open(str(path), spec)
    assert out.write_image(np.ascontiguousarray(planes.transpose(1, 2, 0)))
    assert out.close()


def shot(folder: Path, grey: set[int], count: int = 5, suffix: str = ".png", **of_grey: Any) -> str:
    """A shot of which some frames are saved as grey; returns its pattern."""
    folder.mkdir(parents=True)
    for number in range(1, count + 1):
        planes = picture(seed=number)
        if number in grey:
            save(folder / f"a.{number:04d}{suffix}", planes[:1], **of_grey)
        else:
            save(folder / f"a.{number:04d}{suffix}", planes)
    return str(folder / f"a.####{suffix}")


def as_colour(pattern: str, folder: Path) -> str:
    """The same shot with every frame saved in colour."""
    clip = open_clip(pattern)
    folder.mkdir()
    for number in clip.numbers:
        pixels = clip.read(number).pixels
        save(folder / f"a.{number:04d}.png", np.repeat(pixels, 3, 0) if len(pixels) == 1 else pixels)
    return str(folder / "a.####.png")


def made(tmp_path: Path, pattern: str, name: str, node: Node, **facts: Any) -> dict[int, Frame]:
    inputs = facts.pop("inputs", {})
    output = str(tmp_path / name / "made.####.png")
    render(Job(Recipe((node,), inputs=inputs), pattern, output, **facts), COLOUR, ENGINES, Silent())
    clip = open_clip(output)
    return {n: clip.read(n) for n in clip.numbers}


NODES = [
    Deflicker(),
    DenoiseSR(noise=10.0),
    DenoiseSR(noise=10.0, temporal=1),
    Stabilise(),
    ScratchInpaint(),
    TemporalMean(radius=2),
]


@pytest.mark.parametrize("grey", [{3}, {1}, {1, 2, 5}, {1, 2, 4, 5}], ids=str)
@pytest.mark.parametrize("node", NODES, ids=lambda n: f"{n.name}{n.reach}")
def test_they_are_r_g_b_alike(tmp_path: Path, node: Node, grey: set[int]) -> None:
    """As if they had been saved in colour, in their own files and in their neighbours' windows."""
    mixed = shot(tmp_path / "mixed", grey)
    found = made(tmp_path, mixed, "out", node)
    wanted = made(tmp_path, as_colour(mixed, tmp_path / "whole"), "wanted", node)
    assert {f.channels for f in found.values()} == {("R", "G", "B")}
    for number in range(1, 6):
        np.testing.assert_array_equal(found[number].pixels, wanted[number].pixels)


def test_chunks_of_grey_frames_alone_are_colour_too(tmp_path: Path) -> None:
    mixed = shot(tmp_path / "mixed", {1, 2, 3})
    whole = made(tmp_path, mixed, "whole", TemporalMean(radius=1))
    for chunk in ("1-2", "3", "4-5"):
        parts = made(tmp_path, mixed, "parts", TemporalMean(radius=1), frames=chunk)
    for number, frame in whole.items():
        assert parts[number].channels == ("R", "G", "B")
        np.testing.assert_array_equal(parts[number].pixels, frame.pixels)


def test_a_clip_without_colour_stays_grey(tmp_path: Path) -> None:
    found = made(tmp_path, shot(tmp_path / "grey", {1, 2, 3, 4, 5}), "out", TemporalMean(radius=1))
    assert {f.channels for f in found.values()} == {("Y",)}


@pytest.mark.parametrize("grey", [{2}, {1}])
def test_what_a_program_says_of_their_gamma_is_heard_and_stops_nothing(
    tmp_path: Path, grey: set[int], caplog: pytest.LogCaptureFixture
) -> None:
    """ImageMagick writes 2.2 into each PNG, into black leader too, where the shot itself says nothing."""
    pattern = shot(tmp_path / "mixed", grey, 3, oiio__ColorSpace="g22_rec709_scene")
    number = next(iter(grey))
    path = Path(pattern.replace("####", f"{number:04d}"))
    stated = COLOUR.space_of(str(path), read_image(path).metadata, "uint8").space
    with caplog.at_level(logging.INFO, "interneg"):
        source = ClipSource(open_clip(pattern), pattern, (1, 2, 3), colour=COLOUR)
        frames = {n: source.frame(n) for n in (1, 2, 3)}
    assert stated != source.space == "sRGB Encoded Rec.709 (sRGB)"
    assert {f.colour_space for f in frames.values()} == {source.space}
    light = COLOUR.transform(source.space, "scene_linear")(frames[number].pixels)
    plain = np.repeat(read_image(path).pixels, 3, 0)
    np.testing.assert_allclose(light, COLOUR.transform(stated, "scene_linear")(plain), atol=1e-5)
    told = [r.getMessage() for r in caplog.records if "grey" in r.getMessage()]
    assert told == [f"{pattern}: frame {number} is grey among colour ones: taken as R = G = B"]


def test_black_stays_black(tmp_path: Path) -> None:
    pattern = shot(tmp_path / "mixed", set(), 3)
    save(tmp_path / "mixed" / "a.0002.png", np.zeros((1, 48, 64), np.float32), oiio__ColorSpace="g22_rec709")
    source = ClipSource(open_clip(pattern), pattern, (1, 2, 3), colour=COLOUR)
    assert not source.frame(2).pixels.any() and source.frame(2).pixels.shape == (3, 48, 64)


def test_a_reference_with_grey_frames(tmp_path: Path) -> None:
    plate = shot(tmp_path / "plate", {1, 3}, 3)
    clean = as_colour(plate, tmp_path / "clean")
    found = made(tmp_path, clean, "out", GrainMatch(mode="restore"), inputs={"reference": plate})
    wanted = made(tmp_path, clean, "wanted", GrainMatch(mode="restore"), inputs={"reference": clean})
    for number, frame in wanted.items():
        np.testing.assert_array_equal(found[number].pixels, frame.pixels)


@pytest.mark.parametrize("grey", [{1}, {2}, {1, 2, 3}])
def test_mattes_and_masks_with_grey_frames(tmp_path: Path, grey: set[int]) -> None:
    """Red is dirt and green scratches in a matte, both in a grey one; a mask is its first channel."""
    plate = shot(tmp_path / "plate", set(), 3)
    matte = shot(tmp_path / "matte", grey, 3)
    whole = as_colour(matte, tmp_path / "whole")
    for kind, node in (("matte", ScratchInpaint(matte="replace", view="matte")), ("mask", TemporalMean())):
        found = made(tmp_path, plate, f"{kind} found", node, inputs={kind: matte})
        wanted = made(tmp_path, plate, f"{kind} wanted", node, inputs={kind: whole})
        for number, frame in wanted.items():
            np.testing.assert_array_equal(found[number].pixels, frame.pixels)


def test_a_movie_has_the_format_of_the_colour_frames(tmp_path: Path) -> None:
    pattern = shot(tmp_path / "mixed", {1}, 3)
    for number in (2, 3):
        save(tmp_path / "mixed" / f"a.{number:04d}.png", picture(seed=number), "uint16")
    recipe = Recipe((DenoiseSR(strength=0.0),))
    render(Job(recipe, pattern, str(tmp_path / "a.mkv")), COLOUR, ENGINES, Silent())
    clip = open_clip(tmp_path / "a.mkv")
    for number, source in zip(clip.numbers, (1, 2, 3), strict=True):
        wanted = read_image(Path(pattern.replace("####", f"{source:04d}"))).pixels
        frame = clip.read(number)
        assert frame.depth == ("uint16",) * 3
        np.testing.assert_allclose(frame.pixels, np.broadcast_to(wanted, (3, 48, 64)), atol=1e-6)


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        ("Z", r"frame 3 has no picture to treat: .* needs R, G, B or Y, not Z"),
        ("Y", "frame 3 has 1 colour channels, frame 2 has 3: bring them to one kind first"),
    ],
)
def test_frames_that_cannot_be_seen_in_one_window_are_an_error(channel: str, says: str) -> None:
    """As in the further parts of files, which are not made colour."""
    frames = [Frame.of(picture(), number=n, colour_space="ACEScg") for n in (1, 2, 3)]
    frames[2] = Frame.of(picture()[:1], channel, number=3, colour_space="ACEScg")

    class Clip:
        numbers = (1, 2, 3)

        def frame(self, number: int) -> Frame:
            return frames[number - 1]

    graph = Graph([TemporalMean(radius=1)], Clip(), Context(COLOUR, ENGINES, Memo(50)), cuts=())
    with pytest.raises(InputError, match=says):
        graph.render(2)


def test_the_channels_of_a_file_are_known_from_its_header(tmp_path: Path) -> None:
    for count, suffix in ((1, ".png"), (2, ".png"), (3, ".dpx"), (4, ".tif"), (1, ".jpg"), (1, ".exr")):
        path = tmp_path / f"a{suffix}"
        save(path, np.zeros((count, 8, 8), np.float32), "half" if suffix == ".exr" else "uint8")
        assert read_channels(path) == read_image(path).channels
