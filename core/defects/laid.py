"""What holes are filled with, piece by piece, and how it is laid into the picture."""

from __future__ import annotations

import numpy as np

from interneg.colour import WorkingSpace
from interneg.defects.blend import lacking_grain, noise
from interneg.defects.middle import median
from interneg.defects.pieces import Piece
from interneg.frame import Mask, Pixels
from interneg.grain.noise import NoiseProfile, measure_noise, per_channel
from interneg.node import View

HOPELESS = 1.0
"""What a place may be wrong by that no frame shows."""

_LEAST = 1e-6
# How many times the grain of the whole frame a place may have of it: what it has more is texture.
_LOUDER = 1.25


class Filled:
    """What the holes are filled with so far: the sums of all pieces, each by its share.

    picture: (H, W, C), what is given. It, the sums and patches lie plane by plane in memory: numpy is slow
    over a last axis of three.
    """

    def __init__(self, view: View, picture: Pixels) -> None:
        self.picture, self._frame = picture, view.window.frame
        self._luma = view.planes(0, WorkingSpace.LOG_Y)
        self._noise: NoiseProfile = view.measure("defects grain 1", lambda: measure_noise(self._luma), 0)
        self._made = np.zeros(picture.transpose(2, 0, 1).shape, np.float32).transpose(1, 2, 0)
        self._grain = np.zeros(picture.transpose(2, 0, 1).shape, np.float32).transpose(1, 2, 0)
        self._error = np.zeros(picture.shape[:2], np.float32)
        self._done = np.zeros(picture.shape[:2], np.float32)
        self._pieces: list[Piece] = []

    def here(self, piece: Piece) -> Pixels:
        """A copy of what is given in the piece's area, (h, w, C)."""
        return np.array(self.picture[piece.area].transpose(2, 0, 1), order="C").transpose(1, 2, 0)

    def take(self, piece: Piece, patch: Pixels, error: Pixels) -> None:
        """Fill a piece with a patch, (h, w, C), that is expected to be wrong by so much, (h, w)."""
        share = piece.hole.astype(np.float32) if piece.share is None else piece.share * piece.hole
        self._made[piece.area] += share[..., None] * patch
        self._error[piece.area] += share * error
        self._done[piece.area] += share
        here = self.here(piece)
        lacks = lacking_grain(patch, here, piece.hole, piece.ring, lambda: self._grain_of(piece))
        if lacks.any():
            self._grain[piece.area] += share[..., None] * lacks
        self._pieces.append(piece)

    def _grain_of(self, piece: Piece) -> float:
        """The deviation of each channel's noise at a piece, as the whole frame has it at that brightness."""
        planes = self._luma[(slice(None), *piece.area)]
        luma, chroma = self._noise.map(np.ascontiguousarray(planes))
        return _LOUDER * float(median(per_channel(luma, chroma, len(planes))[0].ravel()))

    def so_far(self, hole: Mask, room: Pixels) -> tuple[Pixels, Mask]:
        """The picture, filled as far as it is, and the holes that are left, (H, W).

        room: for the picture, (C, H, W).
        """
        picture, left = room.transpose(1, 2, 0), hole.copy()
        picture[:] = self.picture
        for piece in self._pieces:
            done = self._done[piece.area] > 1 - _LEAST**0.5
            np.copyto(picture[piece.area], self._made[piece.area], where=done[..., None])
            left[piece.area] &= ~done
        return picture, left

    def laid(self, given: Pixels, matte: Pixels, under: tuple[Pixels, Pixels] | None) -> Pixels:
        """The given planes, (C, H, W), with the fillings and their grain mixed in by the matte."""
        made, seed = given.copy(), int.from_bytes(self._frame.digest[:4])
        for piece in self._pieces:
            area = piece.area
            patch, lacks = self._made[area], self._grain[area]
            if lacks.any():
                patch = patch + lacks * noise(area, seed)[..., None]
            if under is not None:
                seen, wrong = under[0][(slice(None), *area)], under[1][area]
                patch = patch + _share(self._error[area], wrong)[..., None] * (
                    seen.transpose(1, 2, 0) - patch
                )
            share, was = matte[area][piece.hole], self.picture[area][piece.hole]
            now = patch[piece.hole]
            mixed = np.where(share[:, None] == 1, now, was + share[:, None] * (now - was))
            made[(slice(None), *area)][:, piece.hole] = mixed.T
        return made


def _share(error: Pixels, wrong: Pixels) -> Pixels:
    """How much what is seen beneath counts, being wrong by `wrong`, where what is filled in is by `error`."""
    a, b = (np.square(np.minimum(e, np.float32(HOPELESS))) for e in (error + _LEAST, wrong))
    return np.asarray(np.where(np.isfinite(wrong), a / (a + b), 0), np.float32)
