"""VMAF by a program of FFmpeg that was built with libvmaf: the one on the path, or one that pip installs."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from interneg.errors import EngineError, InputError
from interneg.frame import Pixels
from interneg.plugin.qc.figures import Measure

_LOG = "vmaf.json"


def ffmpeg_with_vmaf() -> str:
    """The path of an FFmpeg that has libvmaf: of that on the path, else of the package imageio-ffmpeg.

    Raises EngineError, saying what is missing.
    """
    found = [program for program in (shutil.which("ffmpeg"), _packaged()) if program]
    for program in found:
        told = subprocess.run([program, "-hide_banner", "-filters"], capture_output=True, text=True)
        if any(line.split()[1:2] == ["libvmaf"] for line in told.stdout.splitlines()):
            return program
    mend = "install one: pip install 'interneg[vmaf]'; or leave out --vmaf"
    if not found:
        raise EngineError(f"VMAF is measured by a program ffmpeg that has libvmaf, and none is there: {mend}")
    raise EngineError(f"{' and '.join(found)} has no VMAF: `ffmpeg -filters` lists no libvmaf; {mend}")


def _packaged() -> str | None:
    """The program that the package imageio-ffmpeg brings; None without it."""
    try:
        from imageio_ffmpeg import get_ffmpeg_exe
    except ImportError:
        return None
    try:
        return str(get_ffmpeg_exe())
    except RuntimeError:  # it has none for this system
        return None


class VmafMeter:
    """VMAF of each pair, by FFmpeg's default model (vmaf_v0.6.1, for HD at three picture heights).

    Both pictures go side by side through one pipe, in 8 bit, and are converted to Y'CbCr 4:2:0 by FFmpeg.
    """

    measure = Measure("vmaf", "VMAF", "quality as viewers rated it, 0 to 100; 4:2:0, 8 bit", True)

    def __init__(self) -> None:
        """Find FFmpeg. Raises EngineError where there is none that has libvmaf."""
        self._program = ffmpeg_with_vmaf()
        self._folder = Path(tempfile.mkdtemp(prefix="interneg-vmaf-"))
        self._running: subprocess.Popen[bytes] | None = None
        self._count = 0

    def see(self, reference: Pixels, test: Pixels) -> None:
        """Take the next pair, as `Meter.see`, (3, H, W) each. Raises EngineError where FFmpeg ended."""
        codes = [
            np.rint(np.clip(p, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0) for p in (reference, test)
        ]
        height, width = codes[0].shape[:2]
        if self._running is None:
            self._running = self._started(width, height)
        assert self._running.stdin is not None
        try:
            self._running.stdin.write(np.concatenate(codes, 1).tobytes())
        except BrokenPipeError:
            raise self._failed() from None
        self._count += 1

    def figures(self) -> Sequence[float]:
        """The figures. Raises EngineError where FFmpeg failed, or tells of another number of frames."""
        if self._running is None:
            return []
        assert self._running.stdin is not None
        try:
            self._running.stdin.close()
        except BrokenPipeError:
            raise self._failed() from None
        if self._running.wait():
            raise self._failed()
        try:
            told = json.loads((self._folder / _LOG).read_text("utf-8"))
            found = [float(frame["metrics"]["vmaf"]) for frame in told["frames"]]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EngineError(
                f"{self._program} wrote no figures of VMAF that can be read: {error}"
            ) from error
        if len(found) != self._count:
            raise EngineError(f"{self._program} measured VMAF of {len(found)} of {self._count} frames")
        return found

    def close(self) -> None:
        """End FFmpeg, and remove its log."""
        if self._running is not None:
            if self._running.poll() is None:
                self._running.kill()
            self._running.wait()
            for pipe in (self._running.stdin, self._running.stderr):
                if pipe is not None:
                    with suppress(BrokenPipeError):
                        pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _started(self, width: int, height: int) -> subprocess.Popen[bytes]:
        if min(width, height) < 2:
            raise InputError(f"VMAF takes pictures of 2x2 pixels and more, not {width}x{height}")
        part = "crop={w}:{h}:{x}:0,format=yuv420p[{name}]"
        halves = [part.format(w=width, h=height, x=x, name=n) for x, n in ((0, "reference"), (width, "test"))]
        graph = f"[0:v]split[a][b];[a]{halves[0]};[b]{halves[1]};[test][reference]libvmaf="
        graph += f"log_fmt=json:log_path={_LOG}"
        words = ["-hide_banner", "-loglevel", "error", "-f", "rawvideo", "-pixel_format", "rgb24",
                 "-video_size", f"{2 * width}x{height}", "-i", "-",
                 "-lavfi", graph, "-f", "null", "-"]  # fmt: skip
        return subprocess.Popen(
            [self._program, *words], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            cwd=self._folder,
        )  # fmt: skip

    def _failed(self) -> EngineError:
        assert self._running is not None and self._running.stderr is not None
        said = self._running.stderr.read().decode("utf-8", "replace").strip().splitlines()
        return EngineError(
            f"{self._program} could not measure VMAF: {said[-1] if said else 'it says nothing'}"
        )
