"""NotedFrames of what nodes noted: kept and found again, exactly, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from interneg.defects.entries import DirtEntry
from interneg.defects.lines import Scratch
from interneg.defects.shot_list import FrameDefects
from interneg.frame import Box
from interneg.grain.shot import FrameGrain
from interneg.grain.stocks import NAMES, stock
from interneg.light.measured_light import MeasuredLightFrame
from interneg.light.parts import PlaneLight
from interneg.light.steady import Correction
from interneg.motion.bends import BentPair
from interneg.motion.measured_path import MeasuredFrame
from interneg.motion.similarity import Motion
from interneg.nodes import NODES
from interneg.plugin.noted.records import ENDING, NotedFrame, NotedFrames

BOX = Box(0, 0, 40, 30)
PAIR = BentPair(2, Motion(1, 0.5j), np.linspace(0, 1j, 9).astype(np.complex64), np.ones(9, np.float32), 0.1)
FIELD = np.linspace(-1, 1, 12).reshape(3, 4)
PLANE = PlaneLight(
    slope=1.01, field=FIELD, rows=np.ones(3) / 7, known=False, lowest=-9.0, pivot=-2.5, highest=0.0,
    contrast=0.1, picture=FIELD / 3, event=True,
    around=Correction(0.1, 0.2, FIELD, np.zeros(0), -2.5, -9.0, 0.0, 0.7),
)  # fmt: skip
NOTED = {
    "stabilise": MeasuredFrame(
        BOX, BOX, 1.0, False, Motion(1, 2 + 3j), Motion(0.1 + 1j, 1 / 3), (PAIR,), True, 15
    ),
    "scratch-inpaint": FrameDefects(
        (30, 40),
        [DirtEntry(box=(1, 2, 3, 4), pixels=12, sign="dark", clear=3.5)],
        [Scratch(np.ones(3) / 3, np.arange(4), np.array([True, False, True]), -1, 1.5, 9.0)],
        0.01,
        False,
    ),
    "deflicker": MeasuredLightFrame((30, 40), True, 0.5, (PLANE, PLANE)),
    "grain-match": FrameGrain(stock(NAMES[0]), 0.5),
}


def alike(a: object, b: object) -> bool:
    """Whether two values are the same to the last bit, arrays and their types included."""
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if hasattr(a, "__dict__"):
        return type(a) is type(b) and all(alike(v, vars(b)[k]) for k, v in vars(a).items())
    if isinstance(a, (list, tuple)):
        assert isinstance(b, (list, tuple))
        return len(a) == len(b) and all(map(alike, a, b))
    return a == b


@pytest.mark.parametrize("node", NOTED)
def test_what_is_kept_comes_back_as_it_was(tmp_path: Path, node: str) -> None:
    records = NotedFrames(tmp_path / "new" / node, NODES[node])
    records.keep(1001, NotedFrame("key", True, NOTED[node]))
    assert records.key(1001) == "key" and records.key(1002) == ""
    found = records.record(1001, "key")
    assert found is not None and found.starts
    assert alike(found.noted, NOTED[node])
    assert records.record(1001, "another") is None


def test_every_node_that_analyses_can_be_kept() -> None:
    able = {name for name, kind in NODES.items() if kind.analysis is not None}
    assert able == set(NOTED), "give each node that can be analysed a value here"


@pytest.mark.parametrize("damage", [b"", b"\x93", b"not msgpack at all", b"\x93\xa1a\xc3\xc4\x01\x00"])
def test_a_damaged_record_is_none(tmp_path: Path, damage: bytes) -> None:
    records = NotedFrames(tmp_path, NODES["stabilise"])
    (tmp_path / f"7{ENDING}").write_bytes(damage)
    assert records.record(7, "key") is None
    records.keep(7, NotedFrame("key", False, NOTED["stabilise"]))
    content = (tmp_path / f"7{ENDING}").read_bytes()
    for cut in range(0, len(content), 7):
        (tmp_path / f"7{ENDING}").write_bytes(content[:cut])
        assert records.record(7, "key") is None
