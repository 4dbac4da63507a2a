"""Movies that the tests of files write, with our code and without it."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from interneg.errors import InputError
from interneg.frame import Frame
from interneg.io import Clip, open_clip, open_output

RATE = Fraction(24000, 1001)


class Numbers(Clip):
    """A clip of which only the numbers matter."""

    def __init__(self, count: int) -> None:
        self._count = count

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(range(1001, 1001 + self._count))

    @property
    def is_movie(self) -> bool:
        return False

    @property
    def cut_short(self) -> str:
        return ""

    @property
    def rate(self) -> Fraction:
        return RATE

    def path_of(self, number: int) -> Path | None:
        return None

    def read(self, number: int) -> Frame:
        raise InputError("no frames")

    def digest(self, number: int) -> str:
        raise InputError("no frames")

    def close(self) -> None:
        """Nothing is open."""


def picture(number: int, channels: str = "RGB", size: tuple[int, int] = (48, 64)) -> np.ndarray:
    """A smooth picture that tells its number."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]] / max(size)
    planes = [0.5 + 0.4 * np.sin(3 * x + 2 * y * k + number / 3 + k) for k in range(len(channels))]
    return np.stack(planes).astype(np.float32)


def make(path: Path, count: int = 8, channels: str = "RGB", depth: str = "uint10", **metadata: Any) -> Clip:
    facts = {k.replace("__", ":"): v for k, v in metadata.items()}
    facts.setdefault("oiio:UnassociatedAlpha", 1)
    clip = Numbers(count)
    out = open_output(path, clip)
    for n in clip.numbers:
        pixels = picture(n, channels)
        frame = Frame.of(pixels, channels, depth=(depth,) * len(channels), number=n, metadata=facts)
        out.write(frame, {"input": str(n)})
    out.close()
    return open_clip(path, first=1001)


def raw(path: Path, codec: str, layout: str, planes: list[np.ndarray], **tags: int) -> Path:
    """A movie of one picture made of given codes, written without our code."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream(codec, rate=24)
        stream.height, stream.width = planes[0].shape
        stream.pix_fmt = layout
        frame = av.VideoFrame(stream.width, stream.height, layout)
        for plane, values in zip(frame.planes, planes, strict=True):
            rows = np.zeros((plane.height, plane.line_size // values.itemsize), values.dtype)
            rows[:, : values.shape[1]] = values
            plane.update(rows.tobytes())
        for name, value in tags.items():
            setattr(stream.codec_context, name, value)
            setattr(frame, name, value)
        for packet in (*stream.encode(frame), *stream.encode(None)):
            file.mux(packet)
    return path


def camera(path: Path, turn: int = 0, times: tuple[int, ...] = (0, 1, 2, 3), sound: bool = False) -> Path:
    """A movie as cameras and telephones make it: turned, titled, with sound, at uneven times."""
    with av.open(str(path), "w") as file:
        file.metadata["title"] = "Reel 4"
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.max_b_frames = 0
        if turn:
            stream.set_display_rotation(turn)
        audio = file.add_stream("aac", rate=48000) if sound else None
        for n in times:
            rgb = (picture(1).transpose(1, 2, 0) * 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(rgb).reformat(format="yuv420p")
            frame.pts, frame.time_base = n, Fraction(1, 25)
            for packet in stream.encode(frame):
                file.mux(packet)
        if audio:
            tone = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            tone.sample_rate, tone.pts = 48000, 0
            for packet in (*audio.encode(tone), *audio.encode(None)):
                file.mux(packet)
        for packet in stream.encode(None):
            file.mux(packet)
    return path
