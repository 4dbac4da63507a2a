"""Company: what else lies around a candidate in its frame: dirt of a dirty frame is no lone glint."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

COMPANY = ("likely", "likely alike", "of scene", "flying", "rarity", "every")
"""What is known of the others around a candidate, in order; see `company`."""

LIKELY = COMPANY.index("likely")
"""Where it says how many others are damage."""

# How far around, to each side, in cells of so many pixels; and in which area things are counted, in pixels.
_CELL, _CELLS, _AREA = 8, 24, 100_000
# What is added to numbers before their logarithm is taken. What flies so rarely by chance may well fly.
_NONE, _FLIES = 0.5, 1.5


def company(
    likely: Floats,
    rarity: Floats,
    of_scene: npt.NDArray[np.bool_],
    signs: npt.NDArray[np.int64],
    places: Floats,
    size: tuple[int, int],
) -> Floats:
    """What is known of the others around each candidate, (N, len(COMPANY)).

    In a square of 392 pixels around it, the logarithms of how many there are in 100,000 pixels: that are
    damage, and of these as bright or dark as it, each counting as it is likely, by itself; that belong to the
    scene; that are unlikely, and may fly; and of all. And the mean of their flights' rarity.

    likely: 0..1, (N,). rarity: of flights, as a power of ten, (N,). of_scene: (N,). signs: 1 of a bright one,
    else -1, (N,). places: row and column, pixels, (N, 2). size: of the frame, (height, width).
    """
    if not len(likely):
        return np.empty((0, len(COMPANY)))
    cells = [s // _CELL + 1 for s in size]
    at = np.minimum(places.astype(np.int64) // _CELL, np.array(cells) - 1)
    low, high = np.maximum(at - _CELLS, 0), np.minimum(at + _CELLS + 1, cells)

    def others(values: Floats) -> Floats:
        sums = np.zeros((cells[0] + 1, cells[1] + 1))
        np.add.at(sums, (at[:, 0] + 1, at[:, 1] + 1), values)
        sums = sums.cumsum(axis=0).cumsum(axis=1)
        (y0, x0), (y1, x1) = low.T, high.T
        found = sums[y1, x1] - sums[y0, x1] - sums[y1, x0] + sums[y0, x0] - values
        # Sums of sums leave a rest where there is nothing.
        return np.asarray(np.maximum(found, 0), np.float64)

    area = np.prod(high - low, axis=1) * _CELL**2 / _AREA
    alike = [others(likely * (signs == sign)) for sign in (1, -1)]
    count = others(np.ones(len(likely)))
    numbers = (
        others(likely), np.where(signs > 0, *alike), others(of_scene.astype(np.float64)),
        others((1 - likely) * (rarity > _FLIES)),
    )  # fmt: skip
    logarithms = [np.log(_NONE + n / area) for n in (*numbers, count)]
    return np.column_stack([*logarithms[:4], others(rarity) / np.maximum(count, 1), logarithms[4]])
