"""A grain profile drawn: its response and its spectrum, as PNG or SVG."""

from __future__ import annotations

import io
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from interneg.errors import UsageError
from interneg.grain.profile import DENSITY, GrainProfile

KINDS = ("png", "svg")

_COLOURS = {"R": "#c0392b", "G": "#2e8b57", "B": "#2c5fa8", "Y": "#444444"}


def kind_of(path: Path) -> str:
    """The kind of file that a name asks for, "png" or "svg". Raises UsageError."""
    kind = path.suffix.casefold().lstrip(".")
    if kind not in KINDS:
        raise UsageError(f"a plot is a .png or a .svg, not '{path.name}'")
    if find_spec("matplotlib") is None:
        raise UsageError("--plot needs matplotlib: install it with `pip install 'interneg[plots]'`")
    return kind


def plot(profile: GrainProfile, kind: str) -> bytes:
    """The content of the file. kind: "png" or "svg".

    Left the standard deviation in printing density against the level in 10-bit Cineon codes, right the power
    density over cycles per mm of film, with cycles per pixel of the scan above; where it differs with
    direction, also that of green's detail along rows and along columns.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    response, spectrum = figure.subplots(1, 2)
    for at, name in enumerate(profile.channels):
        look = {"color": _COLOURS[name], "label": name}
        response.plot(1023 * profile.levels[at], DENSITY * profile.sigmas[at], marker=".", **look)
        frequencies, power = profile.per_pixel(at, 72)
        across = frequencies * profile.pixels / profile.width
        spectrum.semilogy(across, power, **look)
        if profile.directions is not None and at == len(profile.channels) // 2:
            still, moving = np.zeros(72), frequencies.astype(np.float64)
            for towards, y, x in (("along rows", still, moving), ("along columns", moving, still)):
                shown = power * profile.gain(y, x)
                dash = "--" if x is moving else ":"
                spectrum.semilogy(across, shown, dash, linewidth=1, color=look["color"], label=towards)
    response.set(xlabel="level, 10-bit Cineon codes", ylabel="standard deviation, density", ylim=(0, None))
    spectrum.set(xlabel="cycles per mm of film", ylabel="power density, white noise = 1")
    scale = profile.pixels / profile.width
    above = spectrum.secondary_xaxis("top", functions=(lambda f: f / scale, lambda f: f * scale))
    above.set_xlabel(f"cycles per pixel of a scan of {profile.pixels} pixels across {profile.width:g} mm")
    for axes in (response, spectrum):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.suptitle(profile.name)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=110)
    return buffer.getvalue()
