"""`interneg analyse` with scratch-inpaint: the list of defects, and the renders that follow it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest
from typer.testing import CliRunner

from interneg.frame import Frame
from interneg.io.image_writer import write_image
from interneg.plugin.cli.main import app
from tests.damage import FRAMES, HEIGHT, MIDDLE, SPOTS, WIDTH, dirty, disc, scene, scratched

FIRST = 1001
NUMBERS = range(FIRST, FIRST + FRAMES)
Edit = Callable[[Any], None]


@pytest.fixture(scope="module")
def plate(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Five frames with a scratch; the one in the middle with dirt as well."""
    folder = tmp_path_factory.mktemp("plate")
    pictures, _ = scratched(dirty(scene())[0])
    for number, picture in zip(NUMBERS, pictures, strict=True):
        frame = Frame.of(picture, depth=("float",) * 3, number=number)
        write_image(folder / f"p.{number}.exr", frame, attributes={}, warn=lambda kind, sentence: None)
    return str(folder / "p.####.exr")


@pytest.fixture(scope="module")
def found(plate: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """What analyse writes, and what it says."""
    file = tmp_path_factory.mktemp("list") / "d.json"
    done = run("analyse", "scratch-inpaint", plate, file)
    assert done.exit_code == 0, done.output
    return file.read_text(), done.output


@pytest.fixture(scope="module")
def plain(plate: str, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The frames as they are rendered without a list."""
    return rendered("scratch-inpaint", plate, tmp_path_factory.mktemp("plain"))


def run(*arguments: object) -> Any:
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def pixels(pattern: Path | str) -> Any:
    """All frames, (T, H, W, C)."""
    names = [str(pattern).replace("####", str(n)) for n in NUMBERS]
    return np.stack([np.asarray(oiio.ImageBuf(name).get_pixels(oiio.FLOAT)) for name in names])


def rendered(recipe: str, plate: str, folder: Path, *options: object) -> Any:
    done = run("render", recipe, plate, folder / "o.####.exr", *options)
    assert done.exit_code == 0, done.output
    return pixels(folder / "o.####.exr")


def edited(content: str, folder: Path, edit: Edit) -> Path:
    data = json.loads(content)
    edit(data)
    file = folder / "d.json"
    file.write_text(json.dumps(data))
    return file


def test_each_piece_of_dirt_and_each_scratch_is_listed(found: tuple[str, str]) -> None:
    data = json.loads(found[0])
    assert (data["format"], data["size"]) == ("interneg defects 1", [WIDTH, HEIGHT])
    assert list(data["dirt"]) == [str(n) for n in NUMBERS]
    pieces = data["dirt"][str(FIRST + MIDDLE)]
    places = {}
    for piece in pieces:
        x, y, width, height = piece["box"]
        places[x + width / 2, y + height / 2] = piece
    for (x, y, radius), level in SPOTS.items():
        at, piece = min(places.items(), key=lambda p: np.hypot(p[0][0] - x, p[0][1] - y))
        assert np.hypot(at[0] - x, at[1] - y) < 2
        assert piece["use"] is True and piece["sign"] == ("bright" if level > 0.5 else "dark")
        assert 0.7 < piece["pixels"] / (np.pi * radius**2) < 2.5
        assert piece["clear"] > 15
    (scratch,) = data["scratches"]
    assert (scratch["sign"], scratch["use"], scratch["forced"]) == ("bright", True, False)
    assert (str(scratch["first"]), str(scratch["last"])) == (min(scratch["columns"]), max(scratch["columns"]))
    assert len(scratch["columns"]) >= 3
    assert 2 <= scratch["width"] <= 8
    expected = dict(zip(NUMBERS, np.add((60.0, 61.5, 60.7, 62.0, 61.0), 0.01 * HEIGHT / 2), strict=True))
    for number, place in scratch["columns"].items():
        assert abs(place["column"] - expected[int(number)]) < 0.7


def test_how_many_there_are_and_the_worst_frame_are_told(found: tuple[str, str]) -> None:
    content, told = found
    data = json.loads(content)
    signs = [piece["sign"] for pieces in data["dirt"].values() for piece in pieces]
    bright, dark = signs.count("bright"), signs.count("dark")
    assert bright >= 2 and dark == 2
    assert f"found {len(signs)} pieces of dirt, {bright} bright and {dark} dark, in " in told
    count = len(data["scratches"][0]["columns"])
    assert f"found 1 scratch, 1 bright and 0 dark, in {count} of 5 frames" in told
    here = len(data["dirt"][str(FIRST + MIDDLE)])
    worst = told.split("the frames with the most damage:")[1].splitlines()[1]
    assert f"frame {FIRST + MIDDLE}: {here} pieces of dirt, 1 scratch, " in worst


def test_the_worst_frames_are_drawn_with_the_numbers_of_the_list(plate: str, tmp_path: Path) -> None:
    folder = tmp_path / "worst"
    done = run("analyse", "scratch-inpaint", plate, tmp_path / "d.json", "--pictures", folder)
    assert done.exit_code == 0, done.output
    names = sorted(path.name for path in folder.iterdir())
    assert f"defects.{FIRST + MIDDLE}.png" in names and len(names) <= 5
    drawn = np.asarray(oiio.ImageBuf(str(folder / f"defects.{FIRST + MIDDLE}.png")).get_pixels(oiio.FLOAT))
    scale = drawn.shape[0] // HEIGHT
    assert drawn.shape == (scale * HEIGHT, scale * WIDTH, 3) and scale > 1
    red = (drawn[..., 0] > 0.9) & (drawn[..., 1] < 0.4)
    green = (drawn[..., 1] > 0.9) & (drawn[..., 0] < 0.4)
    for x, y, radius in SPOTS:
        near = np.s_[
            int(scale * (y - radius - 6)) : int(scale * y), int(scale * (x - 2)) : int(scale * (x + 2))
        ]
        assert red[near].any(), (x, y)
    assert green[:, 54 * scale : 70 * scale].sum() > 1.5 * scale * HEIGHT
    done = run("analyse", "scratch-inpaint", plate, tmp_path / "e.json", "--pictures", folder)
    assert done.exit_code == 6 and "worst exists" in done.output and not (tmp_path / "e.json").exists()
    done = run("analyse", "stabilise", plate, tmp_path / "e.json", "--pictures", tmp_path / "other")
    assert done.exit_code == 2 and "--pictures shows what scratch-inpaint found" in done.output
    assert "add --node scratch-inpaint" in done.output
    done = run("analyse", "scratch-inpaint", plate, tmp_path / "e.json", "--pictures", tmp_path / "d.json")
    assert done.exit_code == 6 and "d.json is a file: name a folder" in done.output
    assert not (tmp_path / "e.json").exists()


def test_pictures_of_an_earlier_analysis_are_replaced(plate: str, tmp_path: Path) -> None:
    folder = tmp_path / "worst"
    folder.mkdir()
    (folder / "defects.0007.png").write_bytes(b"of another shot")
    (folder / "defects.notes.png").write_bytes(b"of the artist")
    frames = ["--frames", str(FIRST + MIDDLE)]
    done = run(
        "analyse", "scratch-inpaint", plate, tmp_path / "d.json", "--pictures", folder, "--overwrite", *frames
    )
    assert done.exit_code == 0, done.output
    names = {path.name for path in folder.iterdir()}
    assert names == {f"defects.{FIRST + MIDDLE}.png", "defects.notes.png"}


def test_a_list_as_it_was_written_gives_the_same_frames_bit_for_bit(
    found: tuple[str, str], plain: Any, plate: str, tmp_path: Path
) -> None:
    (tmp_path / "d.json").write_text(found[0])
    made = rendered(f"scratch-inpaint:defects_list={tmp_path / 'd.json'}", plate, tmp_path / "out")
    np.testing.assert_array_equal(made, plain)
    # What the list replaces finds nothing any more, and need not be set as it was.
    knobs = f"bright=0,dark=0,scratches=0,largest=1,defects_list={tmp_path / 'd.json'}"
    made = rendered(f"scratch-inpaint:{knobs}", plate, tmp_path / "other")
    np.testing.assert_array_equal(made, plain)


def test_what_is_rejected_stays_and_the_rest_is_repaired_as_before(
    found: tuple[str, str], plain: Any, plate: str, tmp_path: Path
) -> None:
    def reject(data: Any) -> None:
        for piece in data["dirt"][str(FIRST + MIDDLE)]:
            x, y, width, height = piece["box"]
            if np.hypot(x + width / 2 - 30, y + height / 2 - 30) < 3:
                piece["use"] = False

    file = edited(found[0], tmp_path, reject)
    made = rendered(f"scratch-inpaint:defects_list={file}", plate, tmp_path / "out")
    given, near = pixels(plate), disc(30, 30, 9)
    np.testing.assert_array_equal(made[MIDDLE][near], given[MIDDLE][near])
    np.testing.assert_array_equal(made[MIDDLE][~near], plain[MIDDLE][~near])
    others = [t for t in range(FRAMES) if t != MIDDLE]
    np.testing.assert_array_equal(made[others], plain[others])


def test_a_scratch_is_switched_off_in_part_or_in_all_frames(
    found: tuple[str, str], plain: Any, plate: str, tmp_path: Path
) -> None:
    def shorten(data: Any) -> None:
        data["dirt"] = {n: [] for n in data["dirt"]}
        data["scratches"][0]["last"] = FIRST + 1

    def off(data: Any) -> None:
        data["dirt"] = {n: [] for n in data["dirt"]}
        data["scratches"][0]["use"] = False

    given = pixels(plate)
    made = rendered(
        f"scratch-inpaint:defects_list={edited(found[0], tmp_path, shorten)}", plate, tmp_path / "a"
    )
    assert (made[:2] != given[:2]).any(axis=(1, 2, 3)).all()
    np.testing.assert_array_equal(made[2:], given[2:])
    made = rendered(f"scratch-inpaint:defects_list={edited(found[0], tmp_path, off)}", plate, tmp_path / "b")
    np.testing.assert_array_equal(made, given)


def test_a_scratch_and_dirt_that_were_not_found_are_forced(
    found: tuple[str, str], plate: str, tmp_path: Path
) -> None:
    def force(data: Any) -> None:
        data["dirt"] = {n: [] for n in data["dirt"]}
        data["dirt"][str(FIRST)] = [{"box": [10, 100, 6, 4]}]
        columns = {str(FIRST): 20, str(FIRST + 2): 24}
        more = {"sign": "dark", "forced": True, "width": 3, "columns": columns, "last": FIRST + 3}
        data["scratches"] = [more]

    file = edited(found[0], tmp_path, force)
    made = rendered(
        f"scratch-inpaint:defects_list={file},grow=0,feather=0,defects",
        plate,
        tmp_path / "out",
        "--depth",
        "float",
    )
    for t, column in enumerate((20, 22, 24, 24)):
        scratch = made[t, :, :, 4]
        np.testing.assert_array_equal(np.flatnonzero(scratch.all(axis=0)), [column - 1, column, column + 1])
        assert scratch.sum() == 3 * HEIGHT
    assert not made[4, :, :, 3:].any()
    dirt = np.zeros((HEIGHT, WIDTH))
    dirt[100:104, 10:16] = 1
    np.testing.assert_array_equal(made[0, :, :, 3], dirt)
    assert not made[1:, :, :, 3].any()
    changed = (made[..., :3] != pixels(plate)).any(axis=-1)
    inside = made[..., 3:].max(axis=-1) > 0
    assert changed[inside].mean() > 0.99 and not changed[~inside].any()


def test_an_edit_of_the_list_renders_the_frames_anew(
    found: tuple[str, str], plate: str, tmp_path: Path
) -> None:
    recipe, out = tmp_path / "r.toml", tmp_path / "out" / "o.####.exr"
    recipe.write_text('[[node]]\nname = "scratch-inpaint"\ndefects_list = "d.json"\n')
    (tmp_path / "d.json").write_text(found[0])
    assert "5 frames written" in run("render", recipe, plate, out).output
    assert "5 up to date" in run("render", recipe, plate, out).output
    edited(found[0], tmp_path, lambda data: data["scratches"].clear())
    assert "5 frames written" in run("render", recipe, plate, out).output


def test_an_edit_of_the_list_leaves_the_frames_that_it_does_not_touch(tmp_path: Path) -> None:
    numbers, given = range(1001, 1021), str(tmp_path / "in" / "p.####.exr")
    (tmp_path / "in").mkdir()
    dice = np.random.default_rng(1)
    for number in numbers:
        picture = dice.uniform(0.2, 0.4, (3, 48, 64)).astype(np.float32)
        frame = Frame.of(picture, depth=("float",) * 3, number=number)
        name = given.replace("####", str(number))
        write_image(Path(name), frame, attributes={}, warn=lambda kind, sentence: None)
    piece = {"number": 1, "use": True, "box": [20, 20, 6, 6]}
    dirt = {str(n): [piece] if n in (1002, 1018) else [] for n in numbers}
    listed = {"format": "interneg defects 1", "size": [64, 48], "dirt": dirt, "scratches": []}
    recipe = f"scratch-inpaint:defects_list={tmp_path / 'd.json'}"
    edited(json.dumps(listed), tmp_path, lambda data: None)
    assert "20 frames written" in run("render", recipe, given, tmp_path / "out" / "o.####.exr").output
    edited(json.dumps(listed), tmp_path, lambda data: data["dirt"]["1002"][0].update(use=False))
    said = run("render", recipe, given, tmp_path / "out" / "o.####.exr").output
    written, kept = map(int, re.findall(r"(\d+) (?:frames written|up to date)", said)[-2:])
    assert written + kept == 20 and 1 <= written <= 8
    run("render", recipe, given, tmp_path / "new" / "o.####.exr")
    for number in numbers:
        one, two = (
            oiio.ImageBuf(str(tmp_path / folder / f"o.{number}.exr")).get_pixels(oiio.FLOAT)
            for folder in ("out", "new")
        )
        np.testing.assert_array_equal(one, two)


def test_of_a_recipe_with_both_the_first_or_the_named_one_is_analysed(plate: str, tmp_path: Path) -> None:
    recipe = "stabilise:smoothing=2 | scratch-inpaint"
    formats = {}
    for name, options in (("first", []), ("named", ["--node", "scratch-inpaint"])):
        done = run("analyse", recipe, plate, tmp_path / f"{name}.json", *options, "--frames", "1001-1002")
        assert done.exit_code == 0, done.output
        formats[name] = json.loads((tmp_path / f"{name}.json").read_text())["format"]
    assert formats == {"first": "interneg path 1", "named": "interneg defects 1"}
    done = run("analyse", recipe, plate, tmp_path / "x.json", "--node", "denoise-sr")
    assert done.exit_code == 2 and "nothing to analyse for 'denoise-sr'" in done.output
    done = run("analyse", "stabilise", plate, tmp_path / "x.json", "--node", "scratch-inpaint")
    assert done.exit_code == 2 and "no node 'scratch-inpaint' to analyse; it has: stabilise" in done.output
    done = run("analyse", "scratch-inpaint", plate, tmp_path / "x.json", "--nuke", tmp_path / "x.nk")
    assert done.exit_code == 2 and "--nuke takes the path of stabilise" in done.output
    assert not (tmp_path / "x.json").exists()


def _first(data: Any) -> Any:
    return next(p for p in data["dirt"].values() if p)[0]


BAD: dict[str, tuple[Edit, str]] = {
    "format": (lambda d: d.update(format="x"), "is of the format 'x', expected 'interneg defects 1'"),
    "size": (lambda d: d.update(size=[9, 9]), "made for pictures of 9x9"),
    "no scratches": (lambda d: d.pop("scratches"), "is no list of defects"),
    "no frames": (lambda d: d.update(dirt={}), "has no frame 1001, and lacks 5 in all of those"),
    "use": (lambda d: _first(d).update(use="no"), "dirt 1: expected 'use' to be true or false, not \"no\""),
    "a typo": (
        lambda d: _first(d).update(uses=False),
        "dirt 1: an entry has no 'uses' (did you mean 'use'?)",
    ),
    "no box": (lambda d: _first(d).pop("box"), "dirt 1: 'box' is missing, expected four whole numbers"),
    "a box outside": (
        lambda d: _first(d).update(box=[WIDTH - 1, 0, 2, 2]),
        f"expected a box of x, y, width and height within the picture of {WIDTH}x{HEIGHT}, not [",
    ),
    "a shape of another size": (
        lambda d: _first(d).update(shape="3 4"),
        "the shape does not fit its box, expected runs of",
    ),
    "no columns": (lambda d: d["scratches"][0].update(columns={}), "scratch 1: expected columns by frame"),
    "a sign": (
        lambda d: d["scratches"][0].update(sign="grey"),
        'scratch 1: expected \'sign\' to be "bright" or "dark", not "grey"',
    ),
    "rows": (
        lambda d: d["scratches"][0]["columns"]["1001"].update(rows=[5, 5]),
        "scratch 1, frame 1001: expected rows",
    ),
    "a width": (lambda d: d["scratches"][0]["columns"]["1001"].update(width=0), "expected a width above 0"),
    "a text": (
        lambda d: d["scratches"][0]["columns"].update({"1002": "x"}),
        'frame 1002: expected a column, a number, not "x"',
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_list_is_refused(found: tuple[str, str], plate: str, tmp_path: Path, case: str) -> None:
    edit, words = BAD[case]
    file = edited(found[0], tmp_path, edit)
    done = run("render", f"scratch-inpaint:defects_list={file}", plate, tmp_path / "out" / "o.####.exr")
    assert done.exit_code == 3 and "d.json" in done.output and words in done.output, done.output


def test_a_list_that_is_no_json_is_refused_with_its_line(
    found: tuple[str, str], plate: str, tmp_path: Path
) -> None:
    lines = found[0].splitlines()
    lines[4] += "]"
    (tmp_path / "d.json").write_text("\n".join(lines))
    done = run(
        "render", f"scratch-inpaint:defects_list={tmp_path / 'd.json'}", plate, tmp_path / "o.####.exr"
    )
    assert done.exit_code == 3 and "d.json, line 5, is not JSON" in done.output
    (tmp_path / "d.json").write_text(
        found[0].replace('"clear": ', '"clear":').replace('"clear":', '"clear":NaN,"x":', 1)
    )
    done = run(
        "render", f"scratch-inpaint:defects_list={tmp_path / 'd.json'}", plate, tmp_path / "o.####.exr"
    )
    assert done.exit_code == 3 and "NaN is no number" in done.output
    done = run(
        "render", f"scratch-inpaint:defects_list={tmp_path / 'none.json'}", plate, tmp_path / "o.####.exr"
    )
    assert done.exit_code == 3 and "none.json cannot be read" in done.output


def test_a_list_that_lacks_a_frame_is_refused_before_the_first_is_rendered(
    found: tuple[str, str], plate: str, tmp_path: Path
) -> None:
    file = edited(found[0], tmp_path, lambda d: d["dirt"].pop(str(NUMBERS[-1])))
    out = tmp_path / "out" / "o.####.exr"
    done = run("render", f"scratch-inpaint:defects_list={file}", plate, out)
    assert done.exit_code == 3 and f"has no frame {NUMBERS[-1]}, it has {FIRST}-" in done.output
    assert not list(tmp_path.rglob("*.exr"))
    rest = f"{FIRST}-{NUMBERS[-2]}"
    assert run("render", f"scratch-inpaint:defects_list={file}", plate, out, "--frames", rest).exit_code == 0
