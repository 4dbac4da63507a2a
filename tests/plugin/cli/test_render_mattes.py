"""`interneg render` with mattes: from files, from channels of the plate, and written to be edited."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
from typer.testing import CliRunner

from interneg.frame import Frame, Pixels
from interneg.io.image_writer import write_image
from interneg.plugin.cli.main import app
from tests.damage import FRAMES, HEIGHT, MIDDLE, WIDTH, dirty, disc, scene, scratched

FIRST = 1001
NUMBERS = range(FIRST, FIRST + FRAMES)
EXTRA = disc(40, 110, 5)
"""A place where nothing is to be found."""


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def written(folder: Path, clip: Any, channels: str | tuple[str, ...] = "", depth: str = "float") -> str:
    """The clip as EXR files; the pattern of their names."""
    folder.mkdir(exist_ok=True)
    for number, picture in zip(NUMBERS, clip, strict=True):
        frame = Frame.of(picture, channels, depth=(depth,) * len(picture), number=number)
        write_image(folder / f"p.{number}.exr", frame, attributes={}, warn=lambda kind, sentence: None)
    return str(folder / "p.####.exr")


def pixels(pattern: Path | str) -> Pixels:
    """All frames, (T, H, W, C)."""
    names = [str(pattern).replace("####", str(n)) for n in NUMBERS]
    return np.stack([np.asarray(oiio.ImageBuf(name).get_pixels(oiio.FLOAT)) for name in names])


def rendered(recipe: object, plate: str, pattern: Path, *options: object) -> Pixels:
    done = run("render", recipe, plate, pattern, *options)
    assert done.exit_code == 0, done.output
    return pixels(pattern)


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("plate"), scratched(dirty(scene())[0])[0], depth="half")


@pytest.fixture(scope="module")
def plain(plate: str, tmp_path_factory: pytest.TempPathFactory) -> Pixels:
    return rendered("scratch-inpaint", plate, tmp_path_factory.mktemp("plain") / "o.####.exr")


@pytest.mark.parametrize("kind", ["clip", "one image", "recipe"])
def test_a_matte_is_added(plate: str, plain: Pixels, tmp_path: Path, kind: str) -> None:
    matte = written(tmp_path / "mattes", [EXTRA[None].astype(np.float32)] * FRAMES, "A")
    recipe, options = "scratch-inpaint:matte=add", ["--matte", matte]
    if kind == "one image":
        options = ["--matte", matte.replace("####", "1003")]
    if kind == "recipe":
        recipe, options = str(tmp_path / "r.toml"), []
        (tmp_path / "r.toml").write_text(
            '[inputs]\nmatte = "mattes/p.####.exr"\n[[node]]\nname = "scratch-inpaint"\nmatte = "add"\n'
        )
    made = rendered(recipe, plate, tmp_path / "out" / "o.####.exr", *options)
    np.testing.assert_array_equal(made[:, ~EXTRA], plain[:, ~EXTRA])
    assert (made != plain)[:, EXTRA].mean() > 0.9


@pytest.mark.parametrize("kind", ["aov", "view.exr", "view.png", "view.tif", "view.dpx"])
def test_what_was_written_as_a_matte_comes_back_and_gives_the_same_bits(
    plate: str, plain: Pixels, tmp_path: Path, kind: str
) -> None:
    name, _, extension = kind.partition(".")
    knobs = "defects" if name == "aov" else "view=matte"
    matte = tmp_path / "mattes" / f"m.####.{extension or 'exr'}"
    # The depth of the plate, and 8 or 10 bits: mattes have 256 levels, which all formats hold.
    depth = {"png": "uint8", "tif": "uint8", "dpx": "uint10"}.get(extension)
    first = rendered(f"scratch-inpaint:{knobs}", plate, matte, *(["--depth", depth] if depth else []))
    assert first[MIDDLE].any()
    made = rendered("scratch-inpaint:matte=replace", plate, tmp_path / "out" / "o.####.exr", "--matte", matte)
    np.testing.assert_array_equal(made, plain)


def test_a_matte_that_was_edited_renders_its_frame_anew(plate: str, plain: Pixels, tmp_path: Path) -> None:
    matte, out = tmp_path / "mattes" / "m.####.png", tmp_path / "out" / "o.####.exr"
    rendered("scratch-inpaint:view=matte", plate, matte, "--depth", "uint8")
    rendered("scratch-inpaint:matte=replace", plate, out, "--matte", matte)
    name = str(matte).replace("####", str(FIRST + MIDDLE))
    edited = oiio.ImageBuf(name)
    painted = np.asarray(edited.get_pixels(oiio.FLOAT))
    painted[disc(90, 60, 12)] = 0  # rejected
    painted[EXTRA, 0] = 1  # added
    edited.set_pixels(edited.roi, painted)
    assert edited.write(name)
    done = run("render", "scratch-inpaint:matte=replace", plate, out, "--matte", matte)
    assert done.exit_code == 0 and "written" in done.output, done.output
    made, given = pixels(out), pixels(plate)
    others = [t for t in range(FRAMES) if t != MIDDLE]
    np.testing.assert_array_equal(made[others], plain[others])
    away = disc(90, 60, 12) & ~disc(62, 60, 20)
    np.testing.assert_array_equal(made[MIDDLE][away], given[MIDDLE][away])
    assert (made != given)[MIDDLE][EXTRA].mean() > 0.9


@pytest.mark.parametrize(
    ("channel", "source"), [("A", "alpha"), ("ir", "infrared"), ("infrared.Y", "infrared")]
)
def test_the_plates_own_channel_marks_damage_and_is_carried(
    tmp_path: Path, channel: str, source: str
) -> None:
    clip = scene()
    shown = np.full((FRAMES, 1, HEIGHT, WIDTH), 0.9, np.float32)
    for t in range(FRAMES):
        shown[t, 0, disc(30 + 15 * t, 100, 4)] = 0.1
        clip[t][:, shown[t, 0] < 0.5] = 0.5  # of the light of the scene: not to be found
    given = written(tmp_path / "in", np.concatenate([clip, shown], 1), ("R", "G", "B", channel))
    recipe = f"scratch-inpaint:matte=add,matte_from={source},threshold=0.4,grow=0,feather=0"
    made = rendered(recipe, given, tmp_path / "out" / "o.####.exr")
    np.testing.assert_array_equal(made[..., 3], shown[:, 0])
    marked = shown[:, 0] < 0.4
    before, after = pixels(given)[..., :3], made[..., :3]
    assert (before != after)[marked].mean() > 0.9
    assert np.abs(after - scene().transpose(0, 2, 3, 1))[marked].mean() < 12 / 255
    assert (before == after)[~marked].mean() > 0.99
    bright = rendered(recipe + ",damage=bright", given, tmp_path / "bright" / "o.####.exr")
    assert (bright[..., :3] != before)[~marked].mean() > 0.9


def test_what_does_not_fit_is_refused(plate: str, tmp_path: Path) -> None:
    small = written(tmp_path / "small", np.zeros((FRAMES, 1, 9, 12), np.float32), "A")
    short = written(tmp_path / "short", np.zeros((FRAMES, 1, HEIGHT, WIDTH), np.float32), "A")
    Path(short.replace("####", "1002")).unlink()
    out = tmp_path / "out" / "o.####.exr"
    add = "scratch-inpaint:matte=add"
    for recipe, options, code, words in (
        (add, [], 3, "none is there: give one, with --matte"),
        (add, ["--matte", small], 3, f"the matte of frame 1001 is 12x9, the picture {WIDTH}x{HEIGHT}"),
        (add, ["--matte", short], 3, "black where nothing is to be repaired, or give one image for all"),
        (add, ["--matte", tmp_path / "none.####.exr"], 3, "the matte: "),
        (add, ["--matte", out], 3, "the matte: "),
        ("deflicker", ["--matte", short], 2, "no node of this recipe takes a matte"),
        (
            "scratch-inpaint",
            ["--matte", short],
            2,
            "leave the matte unused: set matte to add, replace or protect",
        ),
        (f"{add},matte_from=alpha", [], 3, "frame 1001 has no alpha, which the matte is to come from"),
    ):
        done = run("render", recipe, plate, out, *options)
        assert done.exit_code == code and words in done.output, done.output
    Path(short.replace("####", "1001")).rename(short.replace("####", "1002"))
    output, frames = short.replace("####", "%04d"), ["--frames", "1002-1005", "--overwrite"]
    done = run("render", add, plate, output, "--matte", short, *frames)
    assert done.exit_code == 2 and "the matte" not in done.output, done.output


@pytest.mark.parametrize("missing", ["hold", "skip"])
def test_a_frame_that_is_missing_in_the_window_does_not_keep_dirt(tmp_path: Path, missing: str) -> None:
    clean = scene()
    given = written(tmp_path / "in", dirty(clean)[0])
    Path(given.replace("####", "1002")).unlink()
    out = tmp_path / "out" / "o.####.exr"
    assert run("render", "scratch-inpaint", given, out).exit_code == 3
    done = run("render", "scratch-inpaint", given, out, "--missing", missing)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "out" / "o.1002.exr").exists() == (missing == "hold")
    made = np.asarray(oiio.ImageBuf(str(out).replace("####", "1003")).get_pixels(oiio.FLOAT))
    assert np.abs(made - clean[MIDDLE].transpose(1, 2, 0))[disc(90, 60, 6)].mean() < 12 / 255
    listed = tmp_path / "d.json"
    assert run("analyse", "scratch-inpaint", given, listed).exit_code == 3
    assert run("analyse", "scratch-inpaint", given, listed, "--missing", missing).exit_code == 0
    other = tmp_path / "other" / "o.####.exr"
    recipe = f"scratch-inpaint:defects_list={listed}"
    assert run("render", recipe, given, other, "--missing", missing).exit_code == 0
    again = np.asarray(oiio.ImageBuf(str(other).replace("####", "1003")).get_pixels(oiio.FLOAT))
    np.testing.assert_array_equal(again, made)


def test_what_stands_behind_a_view_is_left_out_and_data_is_not_converted(plate: str, tmp_path: Path) -> None:
    matte = rendered("scratch-inpaint:view=matte", plate, tmp_path / "matte" / "o.####.exr")
    recipe, out = (
        "scratch-inpaint:view=matte | deflicker | stabilise:smoothing=2",
        tmp_path / "out" / "o.####.exr",
    )
    done = run("render", recipe, plate, out, "--output-space", "ACEScct")
    assert done.exit_code == 0, done.output
    assert "so what is behind it is left out: deflicker, stabilise" in done.output
    assert "shows data, which are not brought into ACEScct" in done.output
    np.testing.assert_array_equal(pixels(out), matte)
    done = run("render", "deflicker | scratch-inpaint", plate, tmp_path / "both" / "o.####.exr")
    assert "left out:" not in done.output


def test_a_view_is_told_once(plate: str, tmp_path: Path) -> None:
    done = run("render", "scratch-inpaint:view=changed", plate, tmp_path / "o.####.exr")
    assert done.exit_code == 0
    assert done.output.count("shows the view 'changed', which is to look at, not the result") == 1
