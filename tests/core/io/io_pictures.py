"""Pictures that the tests of files write and compare."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.frame import Box, Frame
from interneg.io.attributes import Typed
from interneg.io.image_reader import read_image
from interneg.io.image_writer import write_image

DATA = Path(__file__).parents[4] / "shared" / "data"


needs_data = pytest.mark.skipif(not (DATA / "exr").is_dir(), reason="needs ../shared/data")


RNG = np.random.default_rng(7)


def never(kind: str, sentence: str) -> None:
    raise AssertionError(f"{kind}: {sentence}")


def there_and_back(path: Path, frame: Frame, **options: Any) -> Frame:
    write_image(path, frame, attributes={}, warn=options.pop("warn", never), **options)
    return read_image(path, frame.number)


def same(a: Frame, b: Frame) -> None:
    np.testing.assert_array_equal(a.pixels, b.pixels)
    assert (a.channels, a.depth, a.data_window, a.display_window, a.pixel_aspect) == (
        b.channels,
        b.depth,
        b.data_window,
        b.display_window,
        b.pixel_aspect,
    )


def codes(bits: int, channels: int, height: int = 5, width: int = 7) -> np.ndarray:
    top = 2**bits - 1
    return (RNG.integers(0, top + 1, (channels, height, width)) / np.float32(top)).astype(np.float32)


def exr(**changes: Any) -> Frame:
    pixels = RNG.normal(0, 20, (5, 6, 8)).astype(np.float16).astype(np.float32)
    pixels[0, 0, :4] = np.nan, np.inf, -np.inf, -3
    pixels[3] = np.round(np.linspace(0, 2**22, 48)).reshape(6, 8) / (2**32 - 1)
    pixels[4] = RNG.normal(size=(6, 8))
    return replace(
        Frame(
            pixels,
            ("R", "G", "B", "id", "depth.Z"),
            Box(-3, -2, 5, 4),
            Box(0, 0, 4, 3),
            ("half", "half", "half", "uint32", "float"),
            pixel_aspect=2.0,
            number=1001,
            metadata={
                "compression": "zips",
                "Copyright": "somebody",
                "takes": 3,
                "gain": 0.5,
                "smpte:TimeCode": Typed("timecode", (0x01020304, 5)),
                "smpte:KeyCode": Typed("keycode", (1, 2, 3, 4, 5, 6, 7)),
                "FramesPerSecond": Typed("rational", (24000, 1001)),
                "worldToCamera": Typed("matrix", tuple(float(k) for k in range(16))),
                "chromaticities": Typed("float[8]", tuple(k / 8 for k in range(8))),
                "multiView": Typed("string[2]", ("left", "right")),
                "cropped": Typed("vector2i[2]", (1, 2, 3, 4)),
            },
        ),
        **changes,
    )
