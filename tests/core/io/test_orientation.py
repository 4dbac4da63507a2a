"""Pictures that lie on their side or mirrored in their files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio
import pytest

from interneg.frame import Box, Frame
from interneg.io.damage import damage
from interneg.io.image_reader import read_image
from interneg.io.image_writer import write_image
from interneg.io.orientation import upright
from tests.core.io.io_pictures import RNG, codes, never, there_and_back

TURNS = range(2, 9)


def seen(stored: Any, orientation: int) -> Any:
    """The rows and columns (H, W, C) as OpenImageIO turns them."""
    spec = oiio.ImageSpec(stored.shape[1], stored.shape[0], stored.shape[2], "float")
    spec["Orientation"] = orientation
    picture = oiio.ImageBuf(spec)
    picture.set_pixels(oiio.ROI(), np.ascontiguousarray(stored))
    return oiio.ImageBufAlgo.reorient(picture).get_pixels("float")


def write(path: Path, stored: Any, orientation: int, kind: str = "uint16", **facts: Any) -> None:
    spec = oiio.ImageSpec(stored.shape[1], stored.shape[0], stored.shape[2], kind)
    spec["Orientation"] = orientation
    for name, value in facts.items():
        setattr(spec, name, value)
    out = oiio.ImageOutput.create(str(path))
    assert out
    assert out.open(str(path), spec) and out.write_image(np.ascontiguousarray(stored)) and out.close()


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("suffix", [".tif", ".png", ".exr"])
def test_files_are_read_upright_and_written_so(tmp_path: Path, suffix: str, orientation: int) -> None:
    stored = codes(16, 3, 4, 6).transpose(1, 2, 0)
    write(tmp_path / f"a{suffix}", stored, orientation, "float" if suffix == ".exr" else "uint16")
    frame = read_image(tmp_path / f"a{suffix}", 7)
    np.testing.assert_array_equal(frame.pixels.transpose(1, 2, 0), seen(stored, orientation))
    assert frame.pixels.transpose(1, 2, 0).flags.c_contiguous
    assert "Orientation" not in frame.metadata and frame.number == 7
    assert frame.data_window == frame.display_window == Box(0, 0, frame.width, frame.height)
    for kind in (suffix, ".dpx"):
        back = there_and_back(tmp_path / f"b{kind}", frame, depth="float" if kind == ".exr" else "uint16")
        np.testing.assert_array_equal(back.pixels, frame.pixels)


@pytest.mark.parametrize("orientation", TURNS)
def test_a_jpeg_of_a_camera_held_upright(tmp_path: Path, orientation: int) -> None:
    ramp = np.linspace(0, 1, 24 * 32 * 3).reshape(24, 32, 3).astype(np.float32)
    write(tmp_path / "a.jpg", ramp, orientation, "uint8")
    found = read_image(tmp_path / "a.jpg").pixels.transpose(1, 2, 0)
    assert np.abs(found - seen(ramp, orientation)).max() < 0.03


@pytest.mark.parametrize("orientation", TURNS)
def test_windows_aspect_and_tiles_are_turned_along(orientation: int) -> None:
    """A mark at the same place of the format, whether the data window was cut out before or after."""
    whole = RNG.normal(size=(3, 40, 60)).astype(np.float32)
    display, data = Box(10, 20, 70, 60), Box(15, 22, 45, 30)
    facts: dict[str, Any] = {"Orientation": orientation, "tiles": (32, 16)}
    full = Frame.of(whole, data_window=display, display_window=display, metadata=facts, pixel_aspect=2.0)
    part = full.on(full.with_pixels(whole[:, 2:10, 5:35], data_window=data))
    one, other = upright(full), upright(part)
    assert one.display_window == other.display_window
    swapped = orientation > 4
    assert one.display_window == (Box(20, 10, 60, 70) if swapped else display)
    assert (other.data_window.width, other.data_window.height) == ((8, 30) if swapped else (30, 8))
    np.testing.assert_array_equal(one.on(other).pixels, other.pixels)
    assert one.pixel_aspect == (0.5 if swapped else 2.0)
    assert one.metadata["tiles"] == ((16, 32) if swapped else (32, 16))


@pytest.mark.parametrize("number", [0, 1, 9, 77, "6"])
def test_numbers_that_turn_nothing(number: Any) -> None:
    frame = Frame.of(codes(8, 3), metadata={"Orientation": number})
    np.testing.assert_array_equal(upright(frame).pixels, frame.pixels)


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
@pytest.mark.parametrize(("code", "orientation"), [*enumerate((1, 2, 4, 3, 5, 6, 8, 7))])
def test_dpx_that_is_scanned_in_another_direction(
    tmp_path: Path, bits: int, code: int, orientation: int
) -> None:
    """Whatever the direction, the header counts the pixels of a line as it is stored (ST 268-1)."""
    picture = codes(bits, 3, 5, 7)
    write_image(tmp_path / "a.dpx", Frame.of(picture, depth=(f"uint{bits}",) * 3), attributes={}, warn=never)
    data = bytearray((tmp_path / "a.dpx").read_bytes())
    data[768:770] = code.to_bytes(2, "big" if data[:4] == b"SDPX" else "little")
    (tmp_path / "b.dpx").write_bytes(data)
    assert damage(tmp_path / "b.dpx") is None
    found = read_image(tmp_path / "b.dpx")
    np.testing.assert_array_equal(
        found.pixels.transpose(1, 2, 0), seen(picture.transpose(1, 2, 0), orientation)
    )
    np.testing.assert_array_equal(there_and_back(tmp_path / "c.dpx", found).pixels, found.pixels)
