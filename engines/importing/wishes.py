"""What the user says of a model, beside what is found out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from interneg.engines.importing.convention import Order, Range
from interneg.errors import UsageError

RESERVED = ("lite", "standard", "own")
"""Names that the knob `model` has already."""


@dataclass(frozen=True)
class Wishes:
    """What is said of a model; None and "" for what is to be found out.

    name: in the catalogue. takes, gives: the ranges of input and output. noise_range: the range that the
    noise's deviation is given in, by default that of the picture. perceptual: trained to please the eye.
    extra: the licences of architectures that spandrel keeps apart are accepted. architecture: by the file.
    """

    name: str = ""
    task: str = ""
    takes: Range | None = None
    gives: Range | None = None
    noise_range: Range | None = None
    layout: Order | None = None
    scale: int | None = None
    output: str = ""
    licence: str = ""
    url: str = ""
    perceptual: bool = False
    extra: bool = False
    architecture: str = ""


def name_of(wishes: Wishes, file: str) -> str:
    """The model's name in the catalogue: the one wished, or one made of the file's.

    Raises UsageError for a name that the catalogue cannot have.
    """
    made = re.sub("[^a-z0-9]+", "-", file.casefold()).strip("-") or "model"
    name = wishes.name or (f"own-{made}" if made in RESERVED else made)
    if not re.fullmatch("[a-z0-9][a-z0-9-]*", name) or name in RESERVED:
        raise UsageError(
            f"--name {name}: a model's name is of lower-case letters, digits and dashes, such as '{made}-1', "
            f"and none of {', '.join(RESERVED)}"
        )
    return name
