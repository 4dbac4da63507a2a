"""The profile file, NAME.grain.toml: a grain profile as text, to be read, edited and shared."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import numpy as np

from interneg.errors import InputError
from interneg.frame import Pixels
from interneg.grain.profile import GrainProfile

FORMAT = "interneg grain 1"

_PREFIX = "interneg grain "
_COLOURS = {1: ("Y",), 3: ("R", "G", "B")}


class _Scan(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    width_mm: Annotated[float, msgspec.Meta(gt=0, le=1000)]
    pixels: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class _Response(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    level: list[float]
    sigma: list[float]


class _Spectrum(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    frequency: list[float]
    R: list[float] | None = None
    G: list[float] | None = None
    B: list[float] | None = None
    Y: list[float] | None = None


class _Directions(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    cos2: list[float]
    cos4: list[float]


class _Correlation(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    channels: list[list[float]]
    frames: Annotated[float, msgspec.Meta(ge=-1, le=1)] = 0.0


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    format: str
    name: str
    kind: Literal["film", "digital"]
    scan: _Scan
    response: dict[str, _Response]
    spectrum: _Spectrum
    correlation: _Correlation
    directions: _Directions | None = None


def text(profile: GrainProfile) -> str:
    """The file: TOML, one curve to a line. Numbers have six significant digits."""
    lines = [
        f'format = "{FORMAT}"',
        f"name = {json.dumps(profile.name, ensure_ascii=False)}",
        f'kind = "{profile.kind}"          # "film", or "digital": noise of a sensor, or what a codec left',
        "",
        "[scan]                 # the width of film that the picture shows, and how many pixels show it",
        f"width_mm = {_number(profile.width)}",
        f"pixels = {profile.pixels}",
    ]
    for name, levels, sigmas in zip(profile.channels, profile.levels, profile.sigmas, strict=True):
        lines += [
            "",
            f"[response.{name}]           # standard deviation at each level, both in Cineon codes, 0..1 "
            "for 0..1023",
            f"level = {_row(levels)}",
            f"sigma = {_row(sigmas)}",
        ]
    lines += ["", "[spectrum]             # power density over cycles per mm of film; only the shape counts"]
    lines += [f"frequency = {_row(profile.frequencies)}"]
    lines += [f"{n} = {_row(p)}" for n, p in zip(profile.channels, profile.power, strict=True)]
    if profile.directions is not None:
        lines += [
            "",
            "[directions]           # towards an angle t (0: detail along a row) power is that above, times",
            "                       # 1 + cos2 * cos(2 t) + cos4 * cos(4 t), at each of its frequencies",
            *(f"cos{k} = {_row(terms)}" for k, terms in zip((2, 4), profile.directions, strict=True)),
        ]
    rows = ", ".join(_row(r) for r in profile.correlation)
    lines += ["", "[correlation]          # of the channels with each other, and of a frame with the next"]
    lines += [f"channels = [{rows}]", f"frames = {_number(profile.over_time)}", ""]
    return "\n".join(lines)


def profile(content: bytes, name: str) -> GrainProfile:
    """Read a profile file.

    content: UTF-8. name: of the file, for messages. Raises InputError where it is none, is damaged, or was
    written by a newer version.
    """
    try:
        data = tomllib.loads(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError(f"{name} is no grain profile: it is no UTF-8 text ({error.reason})") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"{name} is no grain profile, or is damaged: it is not valid TOML: {error}"
        ) from None
    found = data.get("format")
    if found != FORMAT:
        newer = isinstance(found, str) and found.startswith(_PREFIX) and found[len(_PREFIX) :].isdigit()
        raise InputError(
            f"{name} is of the format '{found}', which a newer Interneg wrote; this one reads '{FORMAT}'"
            if newer
            else f'{name} is no grain profile: expected format = "{FORMAT}", as `interneg analyse` writes it'
        )
    try:
        file = msgspec.convert(data, _File)
    except msgspec.ValidationError as error:
        raise InputError(f"the grain profile {name} is damaged: {error}") from None
    return _checked(file, name)


def _checked(file: _File, name: str) -> GrainProfile:
    """The profile, where its curves fit each other."""

    def refuse(what: str) -> InputError:
        return InputError(f"the grain profile {name} is damaged: {what}")

    channels = _COLOURS.get(len(file.response))
    if channels is None or set(file.response) != set(channels):
        raise refuse(f"expected a response of R, G and B, or of Y, not of {', '.join(file.response)}")
    responses = [file.response[c] for c in channels]
    count = len(responses[0].level)
    if any(len(r.level) != count or len(r.sigma) != count for r in responses) or count < 1:
        raise refuse("expected as many levels as sigmas, and as many in each channel")
    powers = [getattr(file.spectrum, c) for c in channels]
    if any(p is None or len(p) != len(file.spectrum.frequency) for p in powers) or not powers[0]:
        raise refuse("expected a spectrum of each channel, with a power for each frequency")
    size = len(channels)
    if len(file.correlation.channels) != size or any(len(r) != size for r in file.correlation.channels):
        raise refuse(f"expected {size} rows of {size} numbers as the correlation of channels")
    made = GrainProfile(
        file.name,
        file.kind,
        channels,
        _curve([r.level for r in responses]),
        _curve([r.sigma for r in responses]),
        _curve(file.spectrum.frequency),
        _curve(powers),
        _curve(file.correlation.channels),
        file.correlation.frames,
        file.scan.width_mm,
        file.scan.pixels,
        None if file.directions is None else _terms(file.directions, len(powers[0]), refuse),
    )
    numbers = (made.levels, made.sigmas, made.frequencies, made.power, made.correlation)
    if not all(np.isfinite(n).all() for n in numbers):
        raise refuse("a number is not finite")
    if (np.diff(made.levels) <= 0).any() or (np.diff(made.frequencies) <= 0).any():
        raise refuse("levels and frequencies have to rise")
    if made.sigmas.min() < 0 or made.power.min() < 0 or made.frequencies[0] < 0:
        raise refuse("a sigma, a power or a frequency is below 0")
    matrix = made.correlation
    if not np.allclose(matrix, matrix.T, atol=1e-4) or not np.allclose(np.diag(matrix), 1, atol=1e-4):
        raise refuse("the correlation of channels has to be symmetric, with 1 of each with itself")
    if np.abs(matrix).max() > 1.0001:
        raise refuse("a correlation lies beyond -1..1")
    return made


def _terms(given: _Directions, count: int, refuse: Callable[[str], InputError]) -> Pixels:
    if len(given.cos2) != count or len(given.cos4) != count:
        raise refuse("expected cos2 and cos4 for each frequency of the spectrum")
    found = _curve([given.cos2, given.cos4])
    # Also false of what is not a number.
    if not (np.abs(found).sum(0) <= 1).all():
        raise refuse("cos2 and cos4 may add up to 1 at most, so that no power is below 0")
    return found


def _curve(values: Any) -> Pixels:
    return np.array(values, np.float32)


def _number(value: float) -> str:
    return repr(float(f"{float(value):.6g}"))


def _row(values: Pixels) -> str:
    return f"[{', '.join(_number(v) for v in values)}]"
