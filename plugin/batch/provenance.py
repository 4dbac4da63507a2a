"""Provenance: what a frame was made from, as text in its file, and the key by which it is known again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

import interneg

KEY = "key"


@dataclass(frozen=True)
class Provenance:
    """All that the frames of one render share.

    recipe: its canonical text, colour spaces resolved. models: identities of the engines. colour: identity
    of the colour configuration. cuts: the cut list, where one was given. movie: the frames of a movie, which
    is made as a whole. synthesised: which models drew what was not photographed; empty where none did.
    """

    recipe: str
    models: tuple[str, ...]
    colour: str
    cuts: tuple[int, ...] | None = None
    movie: str | None = None
    synthesised: str = ""

    def of(self, inputs: Iterable[str]) -> dict[str, str]:
        """The facts of one frame (or movie), `inputs` being the hashes of all files that it depends on.

        The entry "key" is equal where all others are: such frames are the same picture.
        """
        facts = {
            "version": interneg.__version__,
            "recipe": self.recipe,
            "models": "; ".join(self.models),
            "colour": self.colour,
            "cuts": "detected" if self.cuts is None else ",".join(map(str, self.cuts)),
            "input": _hash("\n".join(inputs)),
        }
        if self.synthesised:
            facts["synthesised"] = self.synthesised
        if self.movie is not None:
            facts["movie"] = self.movie
        return {**facts, KEY: _hash(json.dumps(facts, sort_keys=True))}


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
