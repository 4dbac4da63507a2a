"""Whether a graph holds in fp16: tried, with the layers that overflow left in fp32."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from interneg.engines import qualify, typed
from interneg.engines.importing.raw import RawGraph
from interneg.engines.importing.signature import Signature
from interneg.engines.importing.wrapping import INPUT
from interneg.engines.manifest import Figures
from interneg.engines.models import PICTURE
from interneg.errors import EngineError
from interneg.frame import Pixels


class Halved(NamedTuple):
    """weights: the fp16 graph, None where it does not hold. kept: layers left in fp32. why: not, in words.

    figures: against fp32, on the golden picture.
    """

    weights: bytes | None
    figures: Figures | None
    kept: tuple[str, ...]
    why: str = ""


def halved(weights: bytes, golden: Pixels, expected: Pixels, output: str = PICTURE) -> Halved:
    """Try the fp16 graph of a wrapped one. golden: (C, H, W); expected: what fp32 makes of it.

    output: what its result is called.
    """
    kept: tuple[str, ...] = ()
    try:
        kept = tuple(typed.overflowing(weights, golden))
        data = typed.half(weights, kept)
        made = run_wrapped(data, golden, output)
    except EngineError as error:
        return Halved(None, None, kept, str(error))
    except Exception as error:  # noqa: BLE001  onnx and OpenVINO have no exception of their own in common
        return Halved(None, None, kept, " ".join(str(error).split())[:300])
    figures = qualify.compare(made, expected)
    if worse := qualify.failures(figures, qualify.LIMITS["fp16"]):
        return Halved(None, figures, kept, "; ".join(worse))
    return Halved(data, figures, kept)


def run_wrapped(weights: bytes, planes: Pixels, output: str = PICTURE) -> Pixels:
    """What ONNX Runtime makes of (C, H, W) planes by a wrapped graph, (C', H', W') float32."""
    whole = Signature(INPUT, len(planes), False, None, "", "", 0, output)
    return np.asarray(RawGraph(weights, whole).run(planes), np.float32)
