"""What is measured of a plane in each frame of a shot, and which frames share one light.

Where a lamp is switched on a shot falls into two parts; events such as lightning, and frames in which the
light itself changes, as in a fade, belong to none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from interneg.frame import Double
from interneg.light.steady import Correction

Flags = npt.NDArray[np.bool_]

_TINY = 1e-9
# Light fades where it changes by this much in so many frames on either side, and so many times what is usual
# before and after the windows have steadied it.
_FADES, _WITHIN, _UNSTEADY, _STEADY = 0.5, 4, 4.0, 8.0
# It takes so many frames more before it has gone so far, and after.
_BESIDE = 2
# It jumps where, from a frame to the next, it changes by this much, and so many times what is usual, in all
# of the picture, or somewhere; and where the windows have so much of that stay.
_JUMPS, _UNUSUAL, _UNUSUAL_SOMEWHERE, _STAYS = 0.1, 4.5, 3.0, 0.7
# Negative logarithms of how likely an event is at keep = 0.5, and of what else it takes to be one.
_EVENT, _MORE = 5.0, 3.0


class PlaneLight(NamedTuple):
    """Of one plane of levels in a frame, in natural logarithms of light.

    slope, field, rows, known: how it changed since the frame before, see `flicker.Change`. lowest, pivot,
    highest: its levels, see `steady.LevelPath`. contrast: the logarithm of how far its levels spread.
    picture: its mean levels, smooth over the picture, GRID float64. around: what brings it to the frames
    around. event: whether it is an event among these.
    """

    slope: float
    field: Double
    rows: Double
    known: bool
    lowest: float
    pivot: float
    highest: float
    contrast: float
    picture: Double
    around: Correction
    event: bool


def parted(
    run: Sequence[PlaneLight], fields: Double, keep: float, marks: Mapping[int, bool]
) -> tuple[Flags, Flags, Flags, Flags]:
    """Whether the light of each frame is that of the frames around, whether it fades, whether a part starts
    there, and whether it was found to be an event and is none by its mark, (n,) each.
    """
    count = len(run)
    exposures = fields.mean(axis=(1, 2))
    fields = fields - exposures[:, None, None]
    events = _events(run, exposures, keep)
    denied = events & [marks.get(k) is False for k in range(count)]
    events = (events | [marks.get(k, False) for k in range(count)]) & ~denied
    # What is left of the light as the windows see it; in an event, what it was before.
    before = np.maximum.accumulate(np.where(events | denied, 0, np.arange(count)))
    light = (exposures + [plane.around.exposure for plane in run])[before]
    lit = (fields + np.array([plane.around.field for plane in run]))[before]
    steps, seen = np.diff(exposures[before]), np.diff(light)
    usual = _deviation(steps)
    jumps = (np.abs(steps) > max(_JUMPS, _UNUSUAL * usual)) & (seen / (steps + _TINY) > _STAYS)
    somewhere = np.abs(np.diff(fields[before], axis=0)).max(axis=(1, 2))
    stays = np.abs(np.diff(lit, axis=0)).max(axis=(1, 2))
    least = max(_JUMPS, _UNUSUAL_SOMEWHERE * float(np.median(somewhere)))
    jumps |= (somewhere > least) & (stays > _STAYS * somewhere)
    # Jumps from each frame to the next are a fade.
    jumps &= ~_lasting(jumps)
    smooth = light - np.concatenate([[0.0], np.cumsum(np.where(jumps, seen, 0))])
    ahead = np.minimum(np.arange(count) + _WITHIN, count - 1)
    behind = np.maximum(np.arange(count) - _WITHIN, 0)
    # Were steps as likely up as down: before the windows have steadied them, and after.
    wander = min(
        _UNSTEADY * _deviation(np.diff(exposures[before], 2)), _STEADY * _deviation(np.diff(light, 2))
    )
    fades = np.abs(smooth[ahead] - smooth[behind]) > max(_FADES, math.sqrt(_WITHIN) * wander)
    fades = np.convolve(_lasting(fades), np.ones(2 * _BESIDE + 1), "same") > 0
    first = np.concatenate([[True], jumps | (fades[1:] != fades[:-1])])
    apart = events | denied
    return ~(apart | fades), fades & ~apart, first, denied & ~fades


def _lasting(flags: Flags) -> Flags:
    """Those of the flags, (n,), that are set for `_WITHIN` frames or more in a row."""
    whole = np.convolve(flags, np.ones(_WITHIN), "valid") == _WITHIN
    return np.asarray(np.convolve(whole, np.ones(_WITHIN)) > 0)


def _events(run: Sequence[PlaneLight], exposures: Double, keep: float) -> Flags:
    """Which frames are events, (n,): of those that a window takes for one, what stands out of all flicker."""
    events = np.array([plane.event for plane in run])
    if not events.any() or events.all() or not keep:
        return events
    light = exposures + [plane.around.exposure for plane in run]
    before = np.maximum.accumulate(np.where(events, 0, np.arange(len(run))))
    apart = np.abs(exposures - light[before])
    usual = 1.4826 * float(np.median(apart[~events]))
    return np.asarray(events & (apart > usual * math.sqrt(2 * (_EVENT * (0.5 / keep) ** 2 + _MORE))))


def _deviation(values: Double) -> float:
    """The standard deviation of most of them."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
