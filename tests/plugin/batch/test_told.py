"""What nodes and files say of themselves, told once and in order."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import numpy as np
import pytest

from interneg.colour import Colour
from interneg.frame import Frame
from interneg.io import open_clip
from interneg.io.image_writer import write_image
from interneg.plugin.batch.source import ClipSource
from interneg.plugin.batch.told import Told

COLOUR = Colour()


class Lines(list[str]):
    def start(self, total: int) -> None: ...

    def status(self, text: str) -> None:
        self.append(text)

    def part(self, index: int, count: int) -> None: ...

    def step(self, number: int, outcome: str) -> None: ...


def test_the_first_sentence_of_each_node_is_that_of_the_first_frame() -> None:
    """Frame 2 finds something out before frame 1 does, and a node has nothing to say before frame 3."""
    lines = Lines()
    told = Told(lines)
    second = threading.Event()

    def work(number: int, *nodes: str) -> None:
        with told.frame(number):
            if number == 1:
                second.wait(10)
            for node in nodes:
                told.tell(node, f"measured in frame {number}")
                told.tell(node, "measured again")
        second.set()

    threads = [threading.Thread(target=work, args=a) for a in ((1, "a"), (2, "a"), (3, "b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not lines
    for number in (1, 2, 3):
        told.done(number)
    assert lines == ["a: measured in frame 1", "b: measured in frame 3"]


def test_nan_and_inf_are_told_once_with_their_count(caplog: pytest.LogCaptureFixture) -> None:
    told = Told(Lines())
    for number, pixels in ((1, 4), (2, 3), (4, 5)):
        with told.frame(number):
            told.nonfinite(number, pixels)
            told.nonfinite(number, pixels)  # the next node sees them, too
            told.nonfinite(number + 1, 100)  # of a neighbour, which has its own turn
    with caplog.at_level(logging.WARNING, "interneg"):
        told.close()
        told.close()
    assert [r.getMessage() for r in caplog.records] == [
        "12 pixels are NaN or inf and stay so, in 3 frames: 1-2,4"
    ]


def exr(path: Path, **attributes: object) -> str:
    frame = Frame.of(np.full((3, 4, 4), 0.5), depth=("half",) * 3, metadata=attributes)
    write_image(path, frame, attributes={}, warn=lambda *words: None)
    return str(path)


def notices(path: str, caplog: pytest.LogCaptureFixture, **options: object) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.WARNING, "interneg"):
        clip = open_clip(path)
        ClipSource(clip, path, clip.numbers, colour=COLOUR, **options)  # type: ignore[arg-type]
    return [r.getMessage() for r in caplog.records]


def test_an_exr_that_says_no_space_is_told_with_the_choices(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = exr(tmp_path / "a.0001.exr")
    (told,) = notices(path, caplog)
    assert told == (
        f"{path}: the files do not say which colour space they are in, and are taken for 'ACES2065-1'; name "
        "theirs with --input-space. Comps, renders and plates are most often in 'ACEScg', 'ACES2065-1', "
        "'Linear Rec.709 (sRGB)'"
    )
    assert not notices(path, caplog, space="ACES2065-1")
    assert not notices(path, caplog, picture=False)
    assert not notices(exr(tmp_path / "b.0001.exr", colorInteropID="lin_ap1_scene"), caplog)
