"""Files in and out: clips are read, outputs written. The only importer of OpenImageIO and PyAV."""

from interneg.io.clip import Clip, open_clip
from interneg.io.output import Output, open_output
from interneg.io.same_file import refuse_same, same_file
from interneg.io.sequence import Pattern, format_frames, parse_frames

__all__ = [
    "Clip",
    "Output",
    "Pattern",
    "format_frames",
    "open_clip",
    "open_output",
    "parse_frames",
    "refuse_same",
    "same_file",
]
