"""The autoregressive filter of AV1's film grain that makes a given spectrum.

First as linear prediction makes it (the Yule-Walker equations over the pixels above and to the left), then in
whole numbers, moved in steps of one as long as the spectrum in decibels comes closer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from interneg.frame import Double

LAG = 3
_NEAR = [(y, x) for y in range(-LAG, 1) for x in range(-LAG, LAG + 1) if (y, x) < (0, 0)]
_SHIFTS = (9, 8, 7, 6)
_LARGEST = 127
# Frequencies, in cycles per pixel, over which the spectrum is matched.
_FROM, _TO = 0.02, 0.5
_GRID = 32
# Spectra are matched down to the first of these shares of their mean that a filter can be had for. (Of very
# soft grain a filter would run away, or be louder than the template can hold.)
_FLOORS = (1e-3, 3e-3, 1e-2, 2e-2, 4e-2, 8e-2, 0.15, 0.3, 1.0)
# The quietest white noise that feeds a filter has a deviation of 4 codes, and a template holds up to 128.
_LOUDEST = 10.0
_TALL = 64
# Variance, in codes, that is none, for planes without grain.
_TRACE = 1e-9


@dataclass(frozen=True, eq=False)
class Spectra:
    """Power densities over frequency, as `np.fft.fft2` orders it; the mean of each is its variance.

    luma: (H, W). chroma: of Cb and Cr, or none, each (h, w). beside: (h, w) of luma as chroma sees it,
    averaged over its sample. shared: real cross spectra of both, as many as of chroma.
    """

    luma: Double
    chroma: list[Double]
    beside: Double
    shared: list[Double]


def averaged(power: Double, subsampling: tuple[int, int]) -> Double:
    """Power densities, (..., H, W), of planes that are averaged over samples of twice the width or height."""
    sub_x, sub_y = subsampling
    height, width = power.shape[-2:]
    if sub_y:
        power = power * np.cos(np.pi * np.fft.fftfreq(height))[:, None] ** 2
        power = power.reshape(*power.shape[:-2], 2, height // 2, width).mean(-3)
    if sub_x:
        power = power * np.cos(np.pi * np.fft.fftfreq(width)) ** 2
        power = power.reshape(*power.shape[:-1], 2, width // 2).mean(-2)
    return power


def filters(spectra: Spectra) -> tuple[int, list[list[int]]]:
    """The shift and the coefficients of luma, and of Cb and Cr, if any, with luma's at the end."""
    floors = [0] * (1 + len(spectra.chroma))
    while True:
        shift, rows, loud = _attempt(spectra, [_FLOORS[f] for f in floors])
        again = [k for k, gain in enumerate(loud) if gain > _LOUDEST and floors[k] + 1 < len(_FLOORS)]
        if not again:
            return shift, rows
        for k in again:
            floors[k] += 1


def _attempt(spectra: Spectra, floors: list[float]) -> tuple[int, list[list[int]], list[float]]:
    """The filters where spectra fall no lower than these shares of their mean, and how loud they are."""
    taps, left = _predicted(_covariances(spectra.luma, floors[0]))
    exact, gains, targets = [taps], [0.0], [spectra.luma]
    for own, shared, floor in zip(spectra.chroma, spectra.shared, floors[1:], strict=True):
        joint = _predicted(
            _covariances(own, floor), _covariances(shared), (1 + floor) * spectra.beside.mean()
        )
        # In units of the white noise that each filter is fed with.
        gain = joint[0][-1] * np.sqrt(left / joint[1])
        gains.append(float(np.clip(gain, -_LARGEST / 2 ** _SHIFTS[-1], _LARGEST / 2 ** _SHIFTS[-1])))
        exact.append(joint[0][:-1])
        targets.append(own / (1 + gains[-1] ** 2 * spectra.beside / left))
    largest = max(abs(v) for v in (*np.concatenate(exact), *gains))
    shift = next((s for s in _SHIFTS if largest * 2**s <= _LARGEST + 0.5), _SHIFTS[-1])
    rows = [_closer(t, w, shift, f) for t, w, f in zip(exact, targets, floors, strict=True)]
    # Chroma's filter makes its share of luma louder, too, by no more than its own noise.
    fed = [np.hypot(1, g * np.sqrt(spectra.beside.mean() / left)) for g in gains]
    loud = [_loudness(np.array(r) / 2**shift) * f for r, f in zip(rows, fed, strict=True)]
    for row, gain in zip(rows[1:], gains[1:], strict=True):
        row.append(round(gain * 2**shift))
    return shift, rows, loud


def _covariances(power: Double, floor: float = 0.0) -> Double:
    return np.fft.ifft2(power + floor * power.mean()).real


def _predicted(own: Double, shared: Double | None = None, beside: float = 0.0) -> tuple[Double, float]:
    """The coefficients that predict a pixel best, and the variance that is left.

    own: covariances of the plane by distance. shared: those with luma, and `beside` luma's variance.
    """
    near = np.array(_NEAR)
    apart = near[:, None] - near[None]
    matrix, side = own[apart[..., 0], apart[..., 1]], own[near[:, 0], near[:, 1]]
    if shared is not None:
        across = shared[near[:, 0], near[:, 1]]
        matrix = np.block([[matrix, across[:, None]], [across[None], np.array([[beside]])]])
        side = np.append(side, shared[0, 0])
    taps = np.linalg.solve(matrix + np.diag(np.full(len(side), _TRACE)), side)
    return np.asarray(taps, np.float64), float(max(own[0, 0] - taps @ side, _TRACE))


def _loudness(taps: Double) -> float:
    """The deviation of what the filter makes of white noise of 1 within a template; huge if it runs away."""
    rows = taps[: LAG * (2 * LAG + 1)].reshape(LAG, -1)
    beside = taps[LAG * (2 * LAG + 1) :].tolist()
    wave = np.zeros((_TALL + LAG, 2 * _TALL))
    for y in range(LAG, len(wave)):
        above = sum(np.convolve(wave[y - LAG + k], row[::-1], "same") for k, row in enumerate(rows))
        above = np.asarray(above)
        above[_TALL] += y == LAG
        line = [0.0] * LAG
        for value in above.tolist():
            line.append(value + sum(b * v for b, v in zip(beside, line[-LAG:], strict=True)))
        wave[y] = np.clip(line[LAG:], -1e9, 1e9)
    return float(np.sqrt(np.square(wave).sum()))


def _closer(taps: Double, target: Double, shift: int, floor: float) -> list[int]:
    """Whole coefficients, from the rounded ones step by step to those of the nearest spectrum."""
    every_y, every_x = (max(n // _GRID, 1) for n in target.shape)
    rows, columns = (np.fft.fftfreq(n)[:: max(n // _GRID, 1)] for n in target.shape)
    half = columns >= 0
    y, x = np.meshgrid(rows, columns[half], indexing="ij")
    radii = np.hypot(y, x)
    band = (radii >= _FROM) & (radii <= _TO)
    power = target[::every_y, ::every_x][:, half][band]
    wanted = 10 * np.log10(np.maximum(power + floor * target.mean(), _TRACE))
    # All rings count alike.
    weights = 1 / radii[band]
    weights /= weights.sum()
    waves = np.stack([np.exp(2j * np.pi * (y[band] * dy + x[band] * dx)) for dy, dx in _NEAR])
    steps = np.concatenate([waves, -waves]) / 2**shift

    def distance(response: Double) -> Double:
        off = -20 * np.log10(np.maximum(np.abs(response), 1e-9)) - wanted
        mean = off @ weights
        return np.asarray(np.square(off) @ weights - np.square(mean), np.float64)

    whole = np.clip(np.rint(taps * 2**shift), -_LARGEST, _LARGEST).astype(int)
    response = 1 - (whole / 2**shift) @ waves
    best = float(distance(response[None])[0])
    while True:
        found = distance(response - steps)
        found[: len(whole)][whole >= _LARGEST] = np.inf
        found[len(whole) :][whole <= -_LARGEST] = np.inf
        k = int(found.argmin())
        if found[k] >= best * (1 - 1e-4):
            return [int(w) for w in whole]
        best, response = float(found[k]), response - steps[k]
        whole[k % len(whole)] += 1 if k < len(whole) else -1
