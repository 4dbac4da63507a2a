"""Pictures and mattes as data URIs, which a page holds itself."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

Codes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


def jpeg(picture: Codes, quality: int) -> str:
    """A picture, (H, W, C) uint8, R, G, B or grey, as a data URI; from quality 90 on with whole colour."""
    whole = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444 if quality >= 90 else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420
    options = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, whole]
    _, data = cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]), options)
    return _uri("jpeg", data)


def matte(plane: Floats, tint: Sequence[int]) -> str:
    """A plane, (H, W), 0 to 1, as a PNG of one colour, R, G, B, that is as opaque as the plane says.

    NaN is clear.
    """
    alpha = np.rint(np.clip(np.nan_to_num(plane, nan=0.0), 0, 1) * 255).astype(np.uint8)
    colour = np.empty((*alpha.shape, 4), np.uint8)
    colour[..., :3] = tuple(reversed(tint))
    colour[..., 3] = alpha
    _, data = cv2.imencode(".png", colour, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return _uri("png", data)


def reduced(picture: Floats, width: int) -> Floats:
    """The picture, (H, W) or (H, W, C) float32, no wider than `width` pixels."""
    height, across = picture.shape[:2]
    if across <= width:
        return picture
    size = (width, max(1, round(height * width / across)))
    made = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
    return made[..., None] if made.ndim < picture.ndim else made


def _uri(kind: str, data: npt.NDArray[np.uint8]) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(data.tobytes()).decode()}"
