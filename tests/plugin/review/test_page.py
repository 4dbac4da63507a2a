"""The page for review in a browser: wiped, stepped, zoomed, with mattes and defects."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from interneg.defects.listing import FORMAT, listing
from interneg.frame import Frame, Pixels
from interneg.io.image_writer import write_image
from interneg.plugin.cli.main import app
from tests.plugin.page.browser import opened

pytestmark = pytest.mark.slow
NUMBERS = range(1001, 1006)
HEIGHT, WIDTH = 60, 90
RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def clip(folder: Path, colours: dict[int, tuple[float, ...]], extra: dict[str, Pixels] | None = None) -> str:
    folder.mkdir()
    for number, colour in colours.items():
        planes = [np.full((HEIGHT, WIDTH), value, np.float32) for value in colour]
        named = {"R": planes[0], "G": planes[1], "B": planes[2], **(extra or {})}
        frame = Frame.of(
            np.stack(list(named.values())), tuple(named), number=number, depth=("float",) * len(named)
        )
        write_image(folder / f"p.{number}.exr", frame, attributes={}, warn=lambda kind, sentence: None)
    return str(folder / "p.####.exr")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Red before, blue after; frame 1003 is the darkest after, and a matte covers its left half."""
    folder = tmp_path_factory.mktemp("shot")
    before = clip(folder / "in", dict.fromkeys(NUMBERS, RED))
    half = np.zeros((HEIGHT, WIDTH), np.float32)
    half[:, : WIDTH // 2] = 1
    after = clip(
        folder / "out", {n: (0.0, 0.0, 0.2) if n == 1003 else BLUE for n in NUMBERS}, {"defects.dirt": half}
    )
    piece = {"number": 7, "use": True, "box": [10, 12, 6, 5]}
    line = {"number": 8, "use": True, "sign": "dark", "width": 2.0, "columns": {"1003": 40.0}}
    dirt = {str(n): [piece] if n == 1003 else [] for n in NUMBERS}
    listed = {"format": FORMAT, "size": [WIDTH, HEIGHT], "dirt": dirt, "scratches": [line]}
    (folder / "d.json").write_text(json.dumps(listed))
    line_ = ["review", before, after, "--html", folder / "page", "--defects", folder / "d.json",
             "--input-space", "Linear Rec.709 (sRGB)", "--output-space", "Linear Rec.709 (sRGB)"]  # fmt: skip
    done = CliRunner().invoke(app, list(map(str, line_)))
    assert done.exit_code == 0, done.output
    assert [p.name for p in (folder / "page").iterdir()] == ["review.html"]
    return folder / "page" / "review.html"


def colour(page: Any, x: float, y: float) -> list[int]:
    """The colour on the canvas, at shares of its width and height."""
    page.wait_for_timeout(100)
    found: list[int] = page.evaluate(
        """([x, y]) => { const c = document.getElementById("picture");
        return [...c.getContext("2d").getImageData(x * c.width, y * c.height, 1, 1).data.slice(0, 3)]; }""",
        [x, y],
    )
    return found


def is_red(found: list[int]) -> bool:
    return found[0] > 230 and max(found[1:]) < 25


def is_blue(found: list[int]) -> bool:
    return found[2] > 230 and max(found[:2]) < 25


def test_the_wipe_is_dragged(page: Path) -> None:
    with opened(page) as seen:
        seen.keyboard.press("Home")
        assert is_red(colour(seen, 0.4, 0.5)) and is_blue(colour(seen, 0.6, 0.5))
        box = seen.locator("#picture").bounding_box()
        middle = box["y"] + box["height"] / 2
        seen.mouse.move(box["x"] + box["width"] / 2, middle)
        seen.mouse.down()
        seen.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=5)
        seen.mouse.up()
        assert is_red(colour(seen, 0.6, 0.5)) and is_blue(colour(seen, 0.75, 0.5))
        seen.get_by_label("Show").select_option("after")
        assert is_blue(colour(seen, 0.4, 0.5))
        seen.locator("#picture").focus()
        seen.keyboard.down("b")
        assert is_red(colour(seen, 0.4, 0.5))
        seen.keyboard.up("b")
        assert is_blue(colour(seen, 0.4, 0.5))


def test_frames_are_stepped_worst_first(page: Path) -> None:
    with opened(page) as seen:
        told = seen.locator("#told")
        numbers = [int(cell) for cell in seen.locator("tbody th button").all_text_contents()]
        assert len(numbers) == 5
        assert f"Frame {numbers[0]}" in told.inner_text()
        assert "no. 1 of the most changed" in told.inner_text()
        seen.keyboard.press("Home")
        assert "Frame 1001, 1 of 5" in told.inner_text()
        seen.keyboard.press("ArrowRight")
        assert "Frame 1002, 2 of 5" in told.inner_text()
        seen.locator(".strip button", has_text="1004").click()
        assert "Frame 1004, 4 of 5" in told.inner_text()
        seen.keyboard.press("End")
        assert "Frame 1005" in told.inner_text()
        seen.get_by_role("button", name="1003", exact=True).last.click()
        assert "Frame 1003" in told.inner_text()
        curve = seen.locator("svg.curve").first
        curve.click(position={"x": 5, "y": 30})
        assert "Frame 1001" in told.inner_text()


def test_zoom_shows_pixels(page: Path) -> None:
    with opened(page) as seen:
        seen.keyboard.press("1")
        assert "100 %" in seen.locator("#told").inner_text()
        assert seen.get_by_label("Zoom").input_value() == "1"
        assert colour(seen, 0.1, 0.1) == [0, 0, 0]  # beside the picture
        seen.locator("#picture").hover()
        seen.mouse.wheel(0, -100)
        assert "200 %" in seen.locator("#told").inner_text()


def test_mattes_are_switched(page: Path) -> None:
    with opened(page) as seen:
        seen.keyboard.press("Home")
        seen.get_by_label("Show").select_option("after")
        matte = seen.get_by_label("defects.dirt")
        assert is_blue(colour(seen, 0.3, 0.5))
        matte.check()
        left, right = colour(seen, 0.3, 0.5), colour(seen, 0.7, 0.5)
        assert left[0] > 200
        assert is_blue(right)
        seen.keyboard.press("o")
        assert is_blue(colour(seen, 0.3, 0.5))
        assert not matte.is_checked()
        seen.keyboard.press("ArrowRight")
        assert "Frame 1002" in seen.locator("#told").inner_text()


def test_defects_are_rejected_and_taken_back(page: Path, tmp_path: Path) -> None:
    with opened(page) as seen:
        seen.get_by_label("Defects of this frame").get_by_role("button", name="1003").click()
        assert seen.locator("#defect-count").inner_text() == "2 defects, 0 rejected"
        seen.get_by_label("7: dirt, 6x5 pixels at 10, 12").uncheck()
        assert seen.locator("#defect-count").inner_text() == "2 defects, 1 rejected"
        with seen.expect_download() as taken:
            seen.get_by_role("button", name="Take d.json back").click()
        taken.value.save_as(tmp_path / "d.json")
    found = listing((tmp_path / "d.json").read_bytes(), "d.json", (HEIGHT, WIDTH))
    dirt, scratches = found.of(1003)
    assert (len(dirt), len(scratches)) == (0, 1)


def test_a_click_on_a_box_rejects_what_it_marks(page: Path) -> None:
    with opened(page) as seen:
        seen.get_by_label("Defects of this frame").get_by_role("button", name="1003", exact=True).click()
        counted, wipe = seen.locator("#defect-count"), seen.locator("#wipe")
        seen.evaluate("window.scrollTo(0, 0)")
        place = seen.locator("#picture").bounding_box()
        scale = min(place["width"] / WIDTH, place["height"] / HEIGHT)
        left = place["x"] + (place["width"] - WIDTH * scale) / 2
        top = place["y"] + (place["height"] - HEIGHT * scale) / 2
        inside = left + 13 * scale, top + 14 * scale
        seen.mouse.click(*inside)
        assert counted.inner_text() == "2 defects, 1 rejected"
        assert not seen.get_by_label("7: dirt, 6x5 pixels at 10, 12").is_checked()
        assert wipe.input_value() == "50"
        seen.mouse.click(*inside)
        assert counted.inner_text() == "2 defects, 0 rejected"
        seen.get_by_role("button", name="Reject all of this frame").click()
        assert counted.inner_text() == "2 defects, 2 rejected"
        seen.get_by_role("button", name="Accept all of this frame").click()
        assert counted.inner_text() == "2 defects, 0 rejected"
        seen.locator("#picture").focus()
        seen.keyboard.press("x")
        seen.mouse.click(*inside)
        assert counted.inner_text() == "2 defects, 0 rejected"
        assert wipe.input_value() != "50"


def test_a_defect_is_looked_at(page: Path) -> None:
    with opened(page) as seen:
        seen.get_by_label("Defects of this frame").get_by_role("button", name="1003", exact=True).click()
        seen.get_by_role("button", name="Look at 7").click()
        assert "400 %" in seen.locator("#told").inner_text()
        x, y = seen.evaluate("[window.viewer.state.x, window.viewer.state.y]")
        assert (x, y) == pytest.approx((13 / WIDTH, 14.5 / HEIGHT))


def test_frames_are_played_over_and_over(page: Path) -> None:
    with opened(page) as seen:
        seen.keyboard.press("Home")
        told = seen.locator("#told")
        seen.locator("#picture").focus()
        seen.keyboard.press(" ")
        assert seen.get_by_role("button", name="Stop").is_visible()
        assert told.get_attribute("aria-live") == "off"
        seen.evaluate(
            """() => { window.numbers = []; document.addEventListener("shown", (e) => {
            if (window.numbers.at(-1) !== e.detail) window.numbers.push(e.detail); }); }"""
        )
        for _ in range(100):
            if len(seen.evaluate("window.numbers")) > 7:
                break
            seen.wait_for_timeout(100)
        seen.get_by_role("button", name="Stop").click()
        numbers = seen.evaluate("window.numbers")
        assert len(numbers) > 7
        assert all((b - a) % len(NUMBERS) == 1 for a, b in itertools.pairwise(numbers)), numbers
        assert told.get_attribute("aria-live") == "polite"
        still = told.inner_text()
        seen.wait_for_timeout(300)
        assert told.inner_text() == still


def test_a_scratch_is_forced_and_its_ends_are_set(page: Path, tmp_path: Path) -> None:
    with opened(page) as seen:
        rows = seen.locator("#defect-rows")
        seen.get_by_label("Defects of this frame").get_by_role("button", name="1003").click()
        name = rows.get_by_text("scratch, over the shot").inner_text().strip().split(":")[0]
        seen.get_by_label("forced: in every frame from first to last").check()
        first, last = (seen.get_by_label(f"{end} frame of scratch {name}") for end in ("first", "last"))
        last.fill("1")
        last.blur()
        assert last.input_value() != "1"  # it would end before it begins
        first.fill("")
        first.press_sequentially("1001")  # digits are keys of the page elsewhere
        first.blur()
        seen.keyboard.press("Home")
        assert "Frame 1001" in seen.locator("#told").inner_text()
        assert "scratch, over the shot" in rows.inner_text()
        with seen.expect_download() as taken:
            seen.get_by_role("button", name="Take d.json back").click()
        taken.value.save_as(tmp_path / "d.json")
    found = listing((tmp_path / "d.json").read_bytes(), "d.json", (HEIGHT, WIDTH))
    assert found.of(1001)[1] and found.forced(1001)


def test_everything_has_a_name_for_screen_readers(page: Path) -> None:
    with opened(page) as seen:
        nameless = seen.evaluate(
            """() => [...document.querySelectorAll("button, input, select, canvas, svg, section")].filter(
            (e) => !(e.ariaLabel || e.getAttribute("aria-labelledby") || (e.labels && e.labels.length)
              || e.textContent.trim())).map((e) => e.outerHTML.slice(0, 80))"""
        )
        assert nameless == []
        assert seen.locator("html").get_attribute("lang") == "en"
        assert seen.locator("[aria-live=polite]").count() == 2
