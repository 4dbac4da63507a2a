"""What the plugin's C and the worker's Python both state is the same."""

from __future__ import annotations

import ctypes
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from interneg import shots
from interneg.errors import UsageError
from interneg.plugin.ofx.build import compile_c
from interneg.plugin.worker import place, protocol

SOURCES = Path(__file__).parents[3] / "plugin" / "ofx"


def constants(header: str) -> dict[str, int]:
    """The numbers that a header's enumerations give."""
    text = re.sub(r"/\*.*?\*/", "", (SOURCES / header).read_text(), flags=re.DOTALL)
    found = re.findall(r"\b([A-Z][A-Z_]+) = ([0-9]+)(?: << ([0-9]+))?", text)
    return {name: int(number) << int(shift or 0) for name, number, shift in found}


def test_the_messages() -> None:
    told = constants("message.h")
    assert told["PROTOCOL"] == protocol.VERSION
    assert told["HEADER_SIZE"] == protocol.HEADER.size
    assert told["LONGEST_BODY"] == protocol.MOST_BYTES
    assert told["MOST_IMAGES"] == protocol.MOST_DESCRIPTORS
    kinds = {n.removeprefix("MESSAGE_"): k for n, k in told.items() if n.startswith("MESSAGE_")}
    assert kinds.items() <= {kind.name: kind.value for kind in protocol.Kind}.items()
    assert len(kinds) == 7


def test_the_frames_that_cuts_are_found_in() -> None:
    assert constants("params_reach.h")["CUT_FRAMES"] == shots.LOOK


def test_there_is_room_for_all_nodes() -> None:
    most = constants("nodes.h")
    nodes = json.loads((SOURCES / "nodes.json").read_bytes())["nodes"]
    assert len(nodes) <= most["MOST_NODES"]
    for node in nodes:
        assert len(node["knobs"]) <= most["MOST_KNOBS"] and len(node["inputs"]) <= most["MOST_INPUTS"]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ctypes.CDLL]:
    library = tmp_path_factory.mktemp("settings") / "settings.so"
    parts = ("settings", "platform_memory", "platform_number")
    try:
        compile_c(
            [SOURCES / f"{part}.c" for part in parts], library, ("-fPIC", "-shared", "-fvisibility=default")
        )
    except UsageError as error:
        pytest.skip(str(error))
    shell = ctypes.CDLL(str(library))
    shell.settings_gpu.restype = ctypes.c_bool
    yield shell


@pytest.mark.parametrize("gpu", ["", "0", "7", "07", "99", "999", "1000", "-1", " 1", "1 ", "one", "../1"])
def test_the_number_of_a_gpu(settings: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch, gpu: str) -> None:
    monkeypatch.setenv("INTERNEG_GPU", gpu)
    read, error = ctypes.c_char_p(), ctypes.create_string_buffer(1024)
    taken = settings.settings_gpu(ctypes.byref(read), error)
    try:
        expected = place.stem()
    except UsageError:
        assert not taken
        assert error.value.decode().endswith("expected the number of a GPU, 0 to 999")
    else:
        assert taken and read.value is not None
        assert expected == ("worker-gpu" + gpu if gpu else "worker")
        assert read.value.decode() == gpu
