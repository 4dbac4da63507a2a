"""OpenVINO's one core in this process.

Its CPU plugin gives the thread that loads it a stack of its own for signals, and each core loads one. Where
cores end in another order than the reverse of how they began, the last one leaves a stack that is no longer
there, and the next signal, such as Ctrl-C, crashes the process (seen with OpenVINO 2026.4). So there is one,
to the end.
"""

from __future__ import annotations

import functools
from typing import Any


@functools.cache
def core() -> Any:
    """The openvino.Core that everything here uses. Raises ImportError where OpenVINO is not installed."""
    import openvino

    return openvino.Core()
