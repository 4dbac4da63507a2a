"""AV1's film grain, or a table of it, as a grain profile."""

from __future__ import annotations

import numpy as np

from interneg.errors import InputError
from interneg.frame import Double, Pixels
from interneg.grain.av1 import BLACK, RANGE, Encode, fields, matrix_of, spread
from interneg.grain.av1_player import Whole, curve, merged
from interneg.grain.av1_table import Parameters, read
from interneg.grain.encoding import to_codes
from interneg.grain.profile import GrainProfile

_BINS = 36


def profile_of(parameters: Parameters, encode: Encode, name: str, width: float, pixels: int) -> GrainProfile:
    """The profile of a film grain, of R, G and B, or of Y where it has no grain in chroma.

    encode: that it is in; half-size chroma is shown interpolated. name: of the profile. width: of the film
    that the picture shows, in mm; pixels: across it. Raises ColourError for a space of light or data,
    InputError for an unknown matrix and where the parameters make no grain.
    """
    luma, *chroma = fields(parameters, encode.subsampling)
    coloured = any(f.any() for f in chroma)
    planes = np.stack([_full_size(f, luma.shape[:2]) for f in (luma, *chroma)])
    matrix = np.linalg.inv(matrix_of(encode, 3)) if coloured else np.array([[1 / RANGE, 0, 0]])
    levels = np.linspace(BLACK, BLACK + RANGE, 33).round().astype(np.int32)
    scalings = _scalings(parameters, levels)
    alike = np.cov(planes.reshape(3, -1))
    shares = np.einsum("cp,dq,pq,px,qx->xcd", matrix, matrix, alike, scalings, scalings)
    sigmas = np.sqrt(np.maximum(np.diagonal(shares, axis1=1, axis2=2).T, 0))
    if not sigmas.any():
        raise InputError(f"{name} has no grain: the scaling points of its film-grain table are all 0 or none")
    mean = shares.mean(0)
    loud = np.sqrt(np.maximum(np.diag(mean), 1e-12))
    correlation = mean / np.outer(loud, loud)
    np.fill_diagonal(correlation, 1)
    frequencies, power = _radial(np.einsum("cp,pyxn->cyxn", matrix * scalings.mean(1), planes))
    black, span = spread(encode)
    logs = np.tile(((levels - BLACK) / RANGE - black) / span, (len(matrix), 1))
    found = to_codes(logs.astype(np.float32), (sigmas / span).astype(np.float32), encode.colour, encode.space)
    kept = np.concatenate([[True], (np.diff(found[0], axis=1) > 0).all(0)])
    return GrainProfile(
        name, "film", ("R", "G", "B") if coloured else ("Y",), found[0][:, kept], found[1][:, kept],
        np.asarray(frequencies * pixels / width, np.float32), power,
        np.asarray(correlation, np.float32), 0.0, width, pixels,
    )  # fmt: skip


def profile_from_table(content: bytes, name: str, encode: Encode, width: float, pixels: int) -> GrainProfile:
    """The profile of a film-grain table: of its longest stretch of one grain.

    content, name: of the file. The others are those of `profile_of`. Raises InputError where the file is no
    table, is damaged, or applies no grain; ColourError as that does.
    """
    lengths: dict[Parameters, int] = {}
    current: Parameters | None = None
    for segment in read(content, name):
        current = segment.parameters or current
        if segment.apply and current:
            lengths[current] = lengths.get(current, 0) + segment.end - segment.start
    if not lengths:
        raise InputError(f"{name} has no grain: apply_grain is 0 in each of its segments")
    longest = max(lengths, key=lambda p: lengths[p])
    return profile_of(longest, encode, name, width, pixels)


def _full_size(field: Double, size: tuple[int, ...]) -> Double:
    """Chroma at the size of luma, interpolated."""
    import cv2

    height, width = size
    return np.stack([cv2.resize(f, (width, height)) for f in np.moveaxis(field, -1, 0)], -1)


def _scalings(parameters: Parameters, levels: Whole) -> Double:
    """By what each plane's grain is multiplied where luma has these codes and chroma none, (3, N)."""
    grey = np.full_like(levels, 128)
    found = np.zeros((3, len(levels)))
    for p in range(3):
        index = levels
        if p and not parameters.chroma_from_luma:
            index = merged(levels, grey, parameters, p, 8)
        if points := parameters.points_of(p):
            found[p] = curve(points)[index] / 2**parameters.scaling_shift
    return found


def _radial(fields: Double) -> tuple[Double, Pixels]:
    """Frequencies in cycles per pixel and the mean power there, (C, B), of (C, H, W, N)."""
    height, width = fields.shape[1:3]
    window = np.hanning(height + 2)[1:-1, None] * np.hanning(width + 2)[1:-1]
    level = fields - fields.mean((1, 2), keepdims=True)
    power = np.square(np.abs(np.fft.fft2(level * window[..., None], axes=(1, 2)))).mean(-1)
    radii = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width))
    frequencies = np.linspace(0, np.sqrt(0.5), _BINS)
    ring = np.rint(radii / frequencies[1]).astype(int).ravel()
    counts = np.bincount(ring, minlength=_BINS)
    sums = np.stack([np.bincount(ring, p.ravel(), _BINS) for p in power])
    found = sums / np.maximum(counts, 1)
    # The mean was taken out: the lowest frequency is as the next.
    found[:, 0] = found[:, 1]
    return frequencies, np.asarray(found / np.maximum(found.max(1, keepdims=True), 1e-12), np.float32)
