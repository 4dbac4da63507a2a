"""The compression level ``q`` that the networks are told: one scale for every block codec.

``q = log2(step) / log2(224)``, clipped to 0..1, where ``step`` is the quantiser's step for the low
frequencies of luma in 8-bit units of an orthonormal transform. 0 = not compressed, 1 = H.264 QP 51.

| q    | H.264 QP | MPEG-2 qscale | JPEG quality |
|------|----------|---------------|--------------|
| 0.25 | 16       | 2             | 89           |
| 0.50 | 28       | 7             | 54           |
| 0.70 | 37       | 22            | 18           |
| 0.80 | 41       | (31 = 0.76)   | 11           |
"""

from math import log2

_COARSEST = 224.0
_JPEG_LOW_STEP = 13.0


def from_step(step: float) -> float:
    """Level 0..1 of a quantiser step (8-bit units, orthonormal transform)."""
    return min(max(log2(max(step, 1e-6)) / log2(_COARSEST), 0.0), 1.0)


def from_h264_qp(qp: float) -> float:
    """Level 0..1 of an H.264 (or HEVC) quantisation parameter, 0..51: the step doubles every 6."""
    return from_step(0.625 * 2.0 ** (qp / 6.0))


def from_mpeg2_qscale(qscale: float) -> float:
    """Level 0..1 of a linear MPEG-2 quantiser scale, 1..31 (step = 2 * qscale at weight 16)."""
    return from_step(2.0 * qscale)


def jpeg_scale(quality: float) -> float:
    """Factor on the standard quantisation tables for an IJG JPEG quality, 1..100."""
    return (50.0 / quality) if quality < 50.0 else (2.0 - quality / 50.0)


def from_jpeg_quality(quality: float) -> float:
    """Level 0..1 of an IJG JPEG quality, 1..100 (mean low-frequency step 13 at quality 50)."""
    return from_step(_JPEG_LOW_STEP * jpeg_scale(quality))
