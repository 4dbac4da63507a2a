"""Built-in grain profiles, by class of stock: speed, colour or black and white, pushed or not, print.

The files beside this one are made by `python -m interneg.engines.training.grain_stocks core/grain/stocks`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.resources import files

from interneg.errors import UsageError, near
from interneg.grain.profile import GrainProfile
from interneg.grain.profile_file import profile

NAMES = (
    "colour-50",
    "colour-50-pushed",
    "colour-200",
    "colour-200-pushed",
    "colour-500",
    "colour-500-pushed",
    "colour-print",
    "bw-50",
    "bw-50-pushed",
    "bw-200",
    "bw-200-pushed",
    "bw-500",
    "bw-500-pushed",
    "bw-print",
)
"""Of the classes of stock; "pushed" is by one stop."""

GATES = {"8mm": 5.79, "16mm": 12.52, "35mm": 24.89, "65mm": 52.63}
"""Width in mm of what a camera exposes: Super 8, Super 16, 35 mm full aperture, 65 mm with 5 perforations."""


@cache
def stock(name: str, gate: str = "35mm") -> GrainProfile:
    """The grain of a class of stock in `NAMES` on film of a gate in `GATES`.

    The grain is as large, in mm, on each gate. Raises UsageError for an unknown name or gate.
    """
    for given, known, what in ((name, NAMES, "stock"), (gate, tuple(GATES), "gate")):
        if given not in known:
            raise UsageError(f"no {what} '{given}'{near(given, known)}; there are {', '.join(known)}")
    file, width = f"{name}.grain.toml", GATES[gate]
    found = profile((files(__name__) / file).read_bytes(), file)
    width = GATES[gate]
    called = f"{gate.removesuffix('mm')} mm {found.name}"
    return replace(found, name=called, width=width, pixels=round(width / found.pitch))
