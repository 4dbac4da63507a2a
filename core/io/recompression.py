"""Pictures through a lossy codec and back in 8 bits, to see what it does to them; training learns from it."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import OpenImageIO as oiio

from interneg.errors import OutputError
from interneg.io.image_reader import read_rgb8

__all__ = ["through_jpeg", "through_video"]

Codes = npt.NDArray[np.uint8]

_FLAG_QSCALE = 2  # AV_CODEC_FLAG_QSCALE
_LAMBDA = 118  # FF_QP2LAMBDA


def through_video(
    frames: Sequence[Codes], codec: str, options: dict[str, str], *, group: int, qscale: int = 0
) -> list[Codes]:
    """Encode frames as 4:2:0 video in memory, without B frames, and decode them again.

    frames: (H, W, 3) uint8 R'G'B', all of one even size. codec, options: as FFmpeg names them, such as
    "libx264" and {"qp": "28"}. group: frames from one key frame to the next. qscale: the fixed quantiser
    of MPEG codecs, 1..31; 0 leaves it to the codec and its options.
    Returns as many frames of the same shape and dtype. Raises av.error.FFmpegError for what the codec
    refuses.
    """
    memory = io.BytesIO()
    with av.open(memory, "w", format="matroska") as sink:
        stream = sink.add_stream(codec, rate=24, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.gop_size, context.max_b_frames, context.thread_count = group, 0, 1
        if qscale:
            context.qmin = context.qmax = qscale
            context.flags |= _FLAG_QSCALE
            context.global_quality = qscale * _LAMBDA
        for frame in frames:
            sink.mux(stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        sink.mux(stream.encode(None))
    memory.seek(0)
    with av.open(memory) as source:
        return [frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)]


def through_jpeg(frame: Codes, quality: int, *, halved: bool) -> Codes:
    """Encode one frame as JPEG, in a temporary file, and decode it again.

    frame: (H, W, 3) uint8 R'G'B'. quality: libjpeg's, 1..100. halved: whether chroma has half the rows and
    columns (4:2:0) or all (4:4:4). Returns the same shape and dtype. Raises OutputError where the file
    cannot be written.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coded.jpg"
        spec = oiio.ImageSpec(frame.shape[1], frame.shape[0], 3, oiio.UINT8)
        spec["compression"] = f"jpeg:{quality}"
        spec["jpeg:subsampling"] = "4:2:0" if halved else "4:4:4"
        sink = oiio.ImageOutput.create(str(path))
        if sink is None:
            raise OutputError(f"OpenImageIO cannot write JPEG: {oiio.geterror()}")
        written = sink.open(str(path), spec) and sink.write_image(np.ascontiguousarray(frame))
        if not (sink.close() and written):
            raise OutputError(f"{path}: the JPEG could not be written: {sink.geterror()}")
        return read_rgb8(path)
