"""Attributes of pictures, there and back with their types."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from interneg.frame import Frame
from interneg.io.attributes import Typed
from interneg.io.image_reader import read_image
from interneg.io.image_writer import write_image
from tests.core.io.io_pictures import codes, exr, never, same, there_and_back


def test_exr_keeps_all(tmp_path: Path) -> None:
    frame = exr()
    back = there_and_back(tmp_path / "a.exr", frame)
    same(back, frame)
    for name, value in frame.metadata.items():
        assert back.metadata[name] == value, name
        assert getattr(back.metadata[name], "type", None) == getattr(value, "type", None), name


def test_how_many_chunks_a_part_had_is_not_carried(tmp_path: Path) -> None:
    part = Frame.of(codes(16, 1), channels=("Z",), metadata={"name": "depth", "oiio:subimage": 1})
    main = {"name": "main", "oiio:subimage": 0}
    frame = Frame.of(codes(16, 3), metadata=main, parts=(part,))
    write_image(tmp_path / "a.exr", frame, attributes={}, warn=never)
    back = read_image(tmp_path / "a.exr")
    assert "openexr:chunkCount" not in {**back.metadata, **back.parts[0].metadata}


def test_scalars_that_exr_lacks(tmp_path: Path) -> None:
    facts = {"third": np.float64(1 / 3), "small": np.uint32(7), "large": np.uint32(2**32 - 1)}
    back = there_and_back(tmp_path / "a.exr", Frame.of(np.zeros((1, 2, 2)), metadata=facts)).metadata
    assert back["third"] == pytest.approx(1 / 3, rel=1e-6)
    assert (back["small"], back["large"]) == (7, "4294967295")


def test_typed_attributes_pickle() -> None:
    again = pickle.loads(pickle.dumps(Typed("rational", (24, 1))))
    assert again == (24, 1)
    assert again.type == "rational"
