"""The colour spaces of an OpenColorIO configuration: their names, what they encode, the ways between them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import numpy as np

from interneg.colour.tables import Tables, content_of, tables_of
from interneg.colour.transform import Transform
from interneg.errors import ColourError, near

# PyOpenColorIO is imported where it is used: what only lists nodes never loads it.

__all__ = ["BUILT_IN", "Spaces"]

BUILT_IN = "ocio://studio-config-latest"

_PROBE = np.random.default_rng(0).random((3, 8, 8), np.float32)


class Spaces:
    """The colour spaces of an OpenColorIO configuration; safe to use from several threads.

    Colour spaces are given as names, aliases, roles or interop IDs, in any case. An unknown one raises
    ColourError, as does a conversion that the configuration does not have.

    config: the PyOpenColorIO.Config. name: what it calls itself, else where it was read from. spaces: the
    roles, then the names, for menus. built_in: whether it is one of OCIO's own, for whose rules nobody asked.
    """

    def __init__(self, config: str | None = None) -> None:
        """Open a configuration.

        config: a path or an `ocio://` name; by default what $OCIO says, else OCIO's newest studio config.
        Raises ColourError where it cannot be read.
        """
        import PyOpenColorIO as ocio

        env = os.environ.get("OCIO", "")
        source = config or env or BUILT_IN
        try:
            self.config: Any = ocio.Config.CreateFromFile(source)
        except (ocio.Exception, ocio.ExceptionMissingFile) as error:
            what, mend = (
                (f"'{config}'", "give the path of a config.ocio")
                if config
                else (f"$OCIO is '{env}', which", "correct it, or unset it to use OCIO's built-in config")
            )
            raise ColourError(f"{what} cannot be read as an OCIO configuration ({error}); {mend}") from error
        self._spaces: dict[str, str] = {}
        self._transforms: dict[tuple[str, str], Transform] = {}
        self._index(ocio)
        self.built_in = source.startswith("ocio://")
        self.name: str = self.config.getName() or source
        self._source = source

    @cached_property
    def tables(self) -> Tables:
        """The look-up tables, as they lay when this was asked for first."""
        return tables_of(self.config)

    @cached_property
    def identity(self) -> str:
        """Changes when anything in the configuration, in its look-up tables or in OCIO's version does."""
        import PyOpenColorIO as ocio

        return f"OCIO {ocio.__version__}, config {content_of(self.config, self._source, self.tables)}"

    def _index(self, ocio: Any) -> None:
        """Fill the table of everything a space may be called, case folded."""
        spaces = list(self.config.getColorSpaces(ocio.SEARCH_REFERENCE_SPACE_ALL, ocio.COLORSPACE_ALL))
        called: list[tuple[str, str]] = [(s.getName(), s.getName()) for s in spaces]
        called += [(role, self.config.getCanonicalName(space)) for role, space in self.config.getRoles()]
        called += [(alias, s.getName()) for s in spaces for alias in s.getAliases()]
        called += [(s.getInteropID(), s.getName()) for s in spaces if s.getInteropID()]
        for word, space in called:
            if space:
                self._spaces.setdefault(word.casefold(), space)
        self._words = [word for word, space in called if space]
        roles = [role for role, space in self.config.getRoles() if space]
        self.spaces: tuple[str, ...] = (*roles, *sorted(s.getName() for s in spaces))

    def resolve(self, name: str) -> str:
        """Return the canonical name of the colour space called `name`."""
        found = self._spaces.get(name.casefold())
        if found is None:
            roles = ", ".join(role for role, space in self.config.getRoles() if space)
            known = f"; its roles are {roles}; in hosts, the menu beside Input space has all its names"
            raise ColourError(
                f"'{name}' is no colour space, alias or role of {self.name}{self.near(name) or known}"
            )
        return found

    def near(self, name: str) -> str:
        """Return " (did you mean ...?)" for the names nearest to `name`, or an empty string."""
        return near(name, self._words)

    def first(self, names: Iterable[str]) -> str:
        """Return the canonical name of the first of these that is a space here, empty where none is."""
        return next((self._spaces[n.casefold()] for n in names if n.casefold() in self._spaces), "")

    def encoding(self, space: str) -> str:
        """The encoding attribute of a space, or where an older config has none, what its numbers say.

        "data" for data; else OCIO's words, such as "scene-linear", "log", "sdr-video", or "not linear".
        """
        found = self.config.getColorSpace(self.resolve(space))
        if found.isData():
            return "data"
        if stated := found.getEncoding():
            return str(stated)
        with self._told(f"say what '{found.getName()}' encodes"):
            linear = self.config.isColorSpaceLinear(found.getName(), found.getReferenceSpaceType())
        return "scene-linear" if linear else "not linear"

    def is_scene_linear(self, space: str) -> bool:
        """Whether a space is light of the scene, unbounded."""
        return self.encoding(space) == "scene-linear"

    def is_data(self, space: str) -> bool:
        """Whether a space is for data, which no conversion touches."""
        return self.encoding(space) == "data"

    def alike(self, one: str, other: str) -> bool:
        """Whether two spaces give the same values to the same colours, to a thousandth, within 0..1."""
        names = self.resolve(one), self.resolve(other)
        if names[0] == names[1]:
            return True
        try:
            if "data" in map(self.encoding, names):
                return False
            seen = self.transform(*names)(_PROBE)
        except ColourError:
            return False
        return bool(np.allclose(seen, _PROBE, atol=1e-3))

    def transform(self, source: str, target: str) -> Transform:
        """Return the lossless transform between two colour spaces, made once.

        To and from a data space it changes nothing, as OCIO has it.
        """
        key = (self.resolve(source), self.resolve(target))
        if key not in self._transforms:
            with self._told(f"convert '{key[0]}' to '{key[1]}'"):
                self._transforms[key] = Transform(self.config.getProcessor(*key))
        return self._transforms[key]

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn what OCIO raises into ColourError. what: it was to do."""
        import PyOpenColorIO as ocio

        try:
            yield
        except ocio.ExceptionMissingFile as error:
            raise ColourError(
                f"{self.name} lacks a look-up table and cannot {what} ({error}) Put the file there, or "
                "choose another space or configuration"
            ) from error
        except ocio.Exception as error:
            raise ColourError(f"{self.name} cannot {what} ({error}); choose another") from error
