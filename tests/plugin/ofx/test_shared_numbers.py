"""Numbers that the C shell and the Python side both state: they are equal, or fit each other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import interneg.plugin.ofx
from interneg.nodes import NODES
from interneg.plugin.ofx.nodes import catalogue
from interneg.plugin.worker import protocol
from interneg.plugin.worker.protocol import Kind
from interneg.shots import LOOK

SOURCES = sorted(Path(next(iter(interneg.plugin.ofx.__path__))).glob("*.[ch]"))


@pytest.fixture(scope="module")
def stated() -> dict[str, int]:
    """Every constant of an enum in the C sources that is given a number."""
    found: dict[str, int] = {}
    for path in SOURCES:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for body in re.findall(r"\benum\b[^{;()]*\{(.*?)\}", text, re.DOTALL):
            for name, base, shift in re.findall(r"([A-Z_0-9]+)\s*=\s*(-?\d+)(?:\s*<<\s*(\d+))?", body):
                value = int(base) << int(shift or 0)
                assert found.setdefault(name, value) == value, f"{name} is stated twice, in {path.name} too"
    return found


def test_both_sides_speak_one_protocol(stated: dict[str, int]) -> None:
    assert stated["PROTOCOL"] == protocol.VERSION
    assert stated["HEADER_SIZE"] == protocol.HEADER.size
    assert stated["LONGEST_BODY"] == protocol.MOST_BYTES
    assert stated["MOST_IMAGES"] == protocol.MOST_DESCRIPTORS
    kinds = {name.removeprefix("MESSAGE_"): n for name, n in stated.items() if name.startswith("MESSAGE_")}
    assert kinds and kinds == {name: Kind[name] for name in kinds}


def test_the_shell_reads_the_version_of_the_catalogue_that_is_written() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    (version,) = re.findall(r'json_get\(\w+, "version"\), 0\) [!=]= (\d+)', text)
    assert int(version) == catalogue(())["version"]


def test_the_shell_gives_cut_detection_the_frames_that_it_looks_at(stated: dict[str, int]) -> None:
    assert stated["CUT_FRAMES"] == LOOK


def test_all_nodes_have_room_in_the_shell(stated: dict[str, int]) -> None:
    nodes = catalogue(NODES.values())["nodes"]
    assert len(nodes) <= stated["MOST_NODES"]
    for node in nodes:
        assert len(node["knobs"]) <= stated["MOST_KNOBS"]
        assert len(node["inputs"]) <= stated["MOST_INPUTS"]
