"""Pictures for imported models, and what the file itself makes of one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import onnxruntime as ort

from interneg.engines.importing.importer import Imported
from interneg.frame import Pixels

COLOURS = (0.2, 0.3, 0.4)
Bring = Callable[..., Imported]


def original(model: onnx.ModelProto, picture: Pixels, **more: Pixels) -> Pixels:
    """What the file itself makes of a picture in its own range and order."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"in": picture[None], **more})[0][0])


def picture(height: int = 70, width: int = 90, planes: int = 3) -> Pixels:
    random = np.random.default_rng(4)
    return np.asarray(random.random((planes, height, width)), np.float32)


def inner(planes: Pixels, scale: int = 1, cut: int = 8) -> Pixels:
    return planes[:, cut * scale : -cut * scale, cut * scale : -cut * scale]
