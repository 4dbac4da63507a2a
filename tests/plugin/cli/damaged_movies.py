"""Damaged movies, made by a seeded mutator: what a disk, a network or a killed recorder leaves of a file."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from typer.testing import CliRunner

from interneg.plugin.cli.main import app

KINDS = (
    ("mov", "prores_ks", "pcm_s16le"),
    ("mov", "libx264", "aac"),
    ("mp4", "libx264", "aac"),
    ("mp4", "libx265", ""),
    ("m4v", "mpeg4", "aac"),
    ("mkv", "ffv1", "flac"),
    ("mkv", "libx264", "aac"),
    ("mkv", "mpeg2video", ""),
    ("webm", "libvpx-vp9", "libopus"),
    ("avi", "mjpeg", "pcm_s16le"),
    ("avi", "mpeg4", "mp2"),
    ("avi", "huffyuv", ""),
    ("ts", "libx264", "aac"),
    ("ts", "mpeg2video", "mp2"),
    ("mpg", "mpeg2video", "mp2"),
    ("m2v", "mpeg2video", ""),
    ("mxf", "mpeg2video", "pcm_s16le"),
)
"""What whole files there are: extension, encoder of the picture and of the sound, if any."""


class Mutant(NamedTuple):
    """A damaged file: what it was made of, what was done to it, and its bytes."""

    kind: str
    damage: str
    content: bytes


def whole(kind: tuple[str, str, str], folder: Path) -> bytes:
    """The bytes of a whole movie of a kind: twenty small frames, key frames every eight, with sound."""
    suffix, codec, sound = kind
    path = folder / f"whole.{suffix}"
    with av.open(str(path), "w", format="mpeg2video" if suffix == "m2v" else None) as file:
        stream = file.add_stream(codec, rate=25)
        stream.width, stream.height, stream.gop_size = 96, 64, 8
        stream.pix_fmt = {"prores_ks": "yuv422p10le", "mjpeg": "yuvj420p", "huffyuv": "yuv422p"}.get(
            codec, "yuv420p"
        )
        if codec not in ("prores_ks", "mjpeg", "huffyuv", "ffv1", "libvpx-vp9"):
            stream.codec_context.max_b_frames = 2
        if codec == "libx265":
            stream.options = {"x265-params": "log-level=none"}
        audio = file.add_stream(sound, rate=48000) if sound else None
        y, x = np.mgrid[:64, :96]
        for n in range(20):
            grey = (x * 2 + y + 9 * n + (x // 8 + y // 8 + n) % 2 * 40).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, "gray").reformat(format=stream.pix_fmt)
            frame.pts, frame.time_base = n, Fraction(1, 25)
            file.mux(stream.encode(frame))
            if audio:
                tone = np.sin(np.arange(1920) / 20 + n)[None].repeat(2, 0)
                heard = av.AudioFrame.from_ndarray(np.float32(tone), "fltp", "stereo")
                heard.sample_rate, heard.pts, heard.time_base = 48000, 1920 * n, Fraction(1, 48000)
                file.mux(audio.encode(heard))
        for coder in (stream, audio) if audio else (stream,):
            file.mux(coder.encode(None))
    return path.read_bytes()


def _cut(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def _flip(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 8, 64))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _overwrite(data: bytearray, dice: random.Random) -> None:
    at, length = dice.randrange(len(data)), dice.choice((4, 60, 2000))
    data[at : at + length] = dice.choice((bytes(length), b"\xff" * length, dice.randbytes(length)))


def _remove(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    del data[at : at + dice.choice((1, 188, 3000))]


def _insert(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(len(data))
    data[at:at] = dice.randbytes(dice.choice((1, 188, 3000)))


def _repeat(data: bytearray, dice: random.Random) -> None:
    at, length = dice.randrange(len(data)), dice.randrange(1, len(data))
    data[at:at] = data[at : at + length]


def _head(data: bytearray, dice: random.Random) -> None:
    """Numbers of the header, at either end, made large or small."""
    begin = dice.choice((0, max(0, len(data) - 1500)))
    for _ in range(dice.choice((1, 3))):
        at = begin + dice.randrange(min(1500, len(data) - begin))
        data[at : at + 4] = dice.choice((b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", bytes(4), b"\0\0\0\1"))


DAMAGES: tuple[Callable[[bytearray, random.Random], None], ...] = (
    _cut, _flip, _overwrite, _remove, _insert, _repeat, _head,
)  # fmt: skip


def mutants(folder: Path, count: int, seed: int) -> Iterator[Mutant]:
    """So many damaged movies, the kinds in turn; the same for the same seed and encoders."""
    sources = [whole(kind, folder) for kind in KINDS]
    dice = random.Random(seed)
    for n in range(count):
        kind = KINDS[n % len(KINDS)]
        data = bytearray(sources[n % len(KINDS)])
        damage = dice.choice(DAMAGES)
        damage(data, dice)
        yield Mutant(".".join(kind), damage.__name__.strip("_"), bytes(data))


def main(folder: Path, count: int) -> None:
    """Render each through the real command, and print how it ended; a process of its own can be watched."""
    outputs = ("out.####.exr", "out.mov", "out.mp4", "out.mkv")
    for n, mutant in enumerate(mutants(folder, count, seed=18)):
        path = folder / f"damaged.{mutant.kind.partition('.')[0]}"
        path.write_bytes(mutant.content)
        out = folder / str(n) / outputs[n % len(outputs)]
        space = "ACEScg" if out.suffix == ".exr" else "Rec.1886 Rec.709 - Display"
        how = ["--missing", "hold", "--sound", "convert"] if n % 2 else []
        print(n, mutant.kind, mutant.damage, end=" ", flush=True)
        made = CliRunner().invoke(
            app, ["render", "denoise-sr:strength=0", str(path), str(out), "--output-space", space, *how]
        )
        last = made.output.strip().splitlines()[-1] if made.output.strip() else ""
        print(made.exit_code, last.encode("ascii", "backslashreplace").decode(), flush=True)
        shutil.rmtree(out.parent, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
