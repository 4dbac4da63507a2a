"""Colour: an OpenColorIO configuration, and what Interneg asks of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from interneg.colour.tags import (
    CICP,
    SRGB_PICTURE,
    VIDEO_709,
    Tag,
    dpx_of,
    interop_ids,
    primaries_of,
    tags_of,
)
from interneg.colour.transform import Step, Transform, in_chunks
from interneg.colour.working import WorkingSpace, fold, to_luma, to_rgb, unfold
from interneg.errors import ColourError, near
from interneg.frame import Pixels

# PyOpenColorIO is imported where it is used: what only lists nodes never loads it.

__all__ = ["Choice", "Colour"]

BUILT_IN = "ocio://studio-config-latest"

_LINEAR = ("scene-linear", "display-linear")


class Choice(NamedTuple):
    """A colour space and where the choice came from."""

    space: str
    reason: str


class _Log(NamedTuple):
    """The perceptual encoding of one colour space: the way in, the way out, and what it is in words."""

    enter: tuple[Step, ...]
    leave: tuple[Step, ...]
    description: str


class Colour:
    """An OpenColorIO configuration; safe to use from several threads.

    Colour spaces are given as names, aliases, roles or interop IDs, in any case. An unknown one raises
    ColourError, as does a conversion that the configuration does not have. spaces: the roles, then the
    names, for menus.
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
            self._config = ocio.Config.CreateFromFile(source)
        except (ocio.Exception, ocio.ExceptionMissingFile) as error:
            said, mend = (
                (f"'{config}'", "give the path of a config.ocio")
                if config
                else (f"$OCIO is '{env}', which", "correct it, or unset it to use OCIO's built-in config")
            )
            raise ColourError(f"{said} cannot be read as an OCIO configuration ({error}); {mend}") from error
        self._spaces: dict[str, str] = {}
        self._transforms: dict[tuple[str, str], Transform] = {}
        self._logs: dict[str, _Log] = {}
        self._reversible: set[str] = set()
        self._tags: dict[str, dict[str, Any]] = {}
        self._index(ocio)
        self.name: str = self._config.getName() or source
        self.identity: str = f"OCIO {ocio.__version__}, config {self._config.getCacheID()}"

    def _index(self, ocio: Any) -> None:
        """Fill the table of everything a space may be called, case folded."""
        spaces = list(self._config.getColorSpaces(ocio.SEARCH_REFERENCE_SPACE_ALL, ocio.COLORSPACE_ALL))
        called: list[tuple[str, str]] = [(s.getName(), s.getName()) for s in spaces]
        called += [(role, self._config.getCanonicalName(space)) for role, space in self._config.getRoles()]
        called += [(alias, s.getName()) for s in spaces for alias in s.getAliases()]
        called += [(s.getInteropID(), s.getName()) for s in spaces if s.getInteropID()]
        for word, space in called:
            if space:
                self._spaces.setdefault(word.casefold(), space)
        self._words = [word for word, space in called if space]
        roles = [role for role, space in self._config.getRoles() if space]
        self.spaces: tuple[str, ...] = (*roles, *sorted(s.getName() for s in spaces))

    def resolve(self, name: str) -> str:
        """Return the canonical name of the colour space called `name`."""
        found = self._spaces.get(name.casefold())
        if found is None:
            roles = ", ".join(role for role, space in self._config.getRoles() if space)
            known = (
                f"; its roles are {roles}; `interneg install` puts all its names into spaces.json, for the "
                "menu beside Input space"
            )
            raise ColourError(
                f"'{name}' is no colour space, alias or role of {self.name}{near(name, self._words) or known}"
            )
        return found

    def space_of(
        self, path: str, metadata: Mapping[str, Any], depth: str = "", override: str | None = None
    ) -> Choice:
        """Say which colour space the colour channels of a file are in, and why.

        path: of the file (a sequence's pattern will do). metadata: its attributes (see `tags_of`). depth: how
        its channels are stored, one of frame.DEPTHS. override: what the user asked for, which wins.

        In order: the override; what the file says; a file rule of the configuration made for such files; then
        by kind: for EXR and float files the scene_linear role, for movies (files with "cicp:" tags) Rec.709
        video, for integer stills the sRGB picture space; the configuration's default rule. A tag that no
        space of the configuration fits is named in the reason; but where a file names a space that there is
        not, or states primaries that no space fits, ColourError is raised: any other space would be wrong.
        """
        if override:
            return Choice(self.resolve(override), f"asked for as '{override}'")
        unmet = []
        for tag in tags_of(metadata):
            found = self._first(tag.names)
            if not found and tag.binding:
                raise self._unknown(path, tag)
            if not found:
                unmet.append(tag.text)
            elif not tag.presumed:
                return Choice(found, f"the file says {tag.text}{_but(unmet)}")
        if lost := next((tag for tag in tags_of(metadata) if tag.naming), None):
            raise self._unknown(path, lost)

        ruled, index = self._config.getColorSpaceFromFilepath(path)
        if not self._config.filepathOnlyMatchesDefaultRule(path):
            rule = self._config.getFileRules().getName(index)
            return Choice(self.resolve(ruled), f"the file rule '{rule}' of {self.name}{_but(unmet)}")
        if path.casefold().endswith(".exr") or depth in ("half", "float"):
            names, kind = ["scene_linear"], "the scene_linear role, for a float picture"
        elif any(key.startswith(("cicp:", "movie:")) for key in metadata):
            names, kind = [*VIDEO_709], "Rec.709 video, for a movie"
        else:
            names, kind = [*SRGB_PICTURE, *self._video_roles()], "sRGB, for an integer still"
        if found := self._first(names):
            return Choice(found, f"{kind}{_but(unmet)}")
        return Choice(self.resolve(ruled), f"the default file rule of {self.name}{_but(unmet)}")

    def _unknown(self, path: str, tag: Tag) -> ColourError:
        hint = near(tag.names[0], self._words) if tag.naming else ""
        return ColourError(
            f"{path} says {tag.text}, which no colour space of {self.name} has{hint}; say which one to take "
            "(--input-space)"
        )

    def tags(self, space: str) -> dict[str, Any]:
        """The metadata by which files say this colour space: what `space_of` reads, of all formats together.

        "oiio:ColorSpace" always; "colorInteropID", "chromaticities" (of linear light), "CICP" and "cicp:..."
        (codes of H.273, the matrix that goes with the primaries too), "dpx:..." where the space has them.
        """
        name = self.resolve(space)
        if name not in self._tags:
            said: dict[str, Any] = {"oiio:ColorSpace": name}
            known = (i for i, names in interop_ids() if self._first(names) == name)
            if interop := self._config.getColorSpace(name).getInteropID() or next(known, ""):
                said["colorInteropID"] = interop
            if xy := primaries_of(interop):
                said["chromaticities"] = xy
            if codes := self._cicp(name):
                said["CICP"] = (*codes, 0, 1)
                said["cicp:primaries"], said["cicp:transfer"] = codes
                said["cicp:matrix"] = 9 if codes[0] == 9 else 1
            self._tags[name] = {**said, **dpx_of(interop)}
        return dict(self._tags[name])

    def _cicp(self, space: str) -> tuple[int, int] | None:
        """The H.273 codes of a space, or of one with the same values (a display's and a picture's sRGB)."""
        fits = {codes: found for codes, names in CICP.items() if (found := self._first(names))}
        named = (codes for codes, found in fits.items() if found == space)
        return next(named, None) or next((c for c, found in fits.items() if self.alike(space, found)), None)

    def alike(self, one: str, other: str) -> bool:
        """Whether two spaces give the same values to the same colours, to a thousandth, within 0..1."""
        names = self.resolve(one), self.resolve(other)
        if names[0] == names[1]:
            return True
        if "data" in map(self._encoding, names):
            return False
        try:
            seen = self.transform(*names)(_PROBE)
        except ColourError:
            return False
        return bool(np.allclose(seen, _PROBE, atol=1e-3))

    def is_scene_linear(self, space: str) -> bool:
        """Whether a space is light of the scene, unbounded."""
        return self._encoding(self.resolve(space)) == "scene-linear"

    def is_data(self, space: str) -> bool:
        """Whether a space is for data, which no conversion touches."""
        return self._encoding(self.resolve(space)) == "data"

    def _first(self, names: Iterable[str]) -> str:
        return next((self._spaces[n.casefold()] for n in names if n.casefold() in self._spaces), "")

    def _video_roles(self) -> list[str]:
        painted = self._first(["texture_paint", "matte_paint"])
        return [painted] if painted and self._encoding(painted) == "sdr-video" else []

    def transform(self, source: str, target: str) -> Transform:
        """Return the lossless transform between two colour spaces, made once.

        To and from a data space it changes nothing, as OCIO has it.
        """
        import PyOpenColorIO as ocio

        key = (self.resolve(source), self.resolve(target))
        if key not in self._transforms:
            try:
                self._transforms[key] = Transform(self._config.getProcessor(*key))
            except (ocio.Exception, ocio.ExceptionMissingFile) as error:
                raise ColourError(
                    f"{self.name} cannot convert '{key[0]}' to '{key[1]}' ({error}); choose another"
                ) from error
        return self._transforms[key]

    def enter(self, pixels: Pixels, space: str, working: WorkingSpace, out: Pixels | None = None) -> Pixels:
        """Bring a picture into a working space.

        pixels: (3, H, W) R, G, B or (1, H, W) grey, float32, any strides, any range, in the colour space
            `space`. Grey is treated as R = G = B and comes back as one plane: light, its encoding or Y.
            In LOG_RGB and LOG_Y light goes through the log of `log_encoding`, deep negatives folded (see
            `working.fold`). Any log, the picture's own too, is spread so that light of 0 and 1 are codes 0
            and 1, as they are in video: networks see the same contrast in both. Any other picture keeps its
            own transfer, unchanged.
        out: as for `leave`.
        Returns (C, H, W) float32, a new C-contiguous array: R, G, B, or Y, Cb, Cr for LOG_Y. A pixel depends
        on itself alone; NaN and inf stay in their pixel.
        """
        if working is WorkingSpace.LINEAR_RGB:
            return self._linear(space)[0](pixels, out)
        steps = list(self._log(space).enter)
        if working is WorkingSpace.LOG_Y and len(pixels) == 3:
            steps.append(to_luma)
        return in_chunks(tuple(steps), pixels, out)

    def leave(self, planes: Pixels, space: str, working: WorkingSpace, out: Pixels | None = None) -> Pixels:
        """Bring a picture out of a working space: the inverse of `enter`.

        planes: as `enter` returns them, any strides. out: (C, H, W) float32 of any strides to write to (the
        colour planes of an interleaved picture, say), not overlapping `planes`; by default a new array.
        Returns (C, H, W) float32 in the colour space `space`.

        An untouched picture comes back within 2e-5 of the largest value in each pixel over 1e-4..1e4.
        """
        if working is WorkingSpace.LINEAR_RGB:
            return self._linear(space)[1](planes, out)
        steps: list[Step] = []
        if working is WorkingSpace.LOG_Y and len(planes) == 3:
            steps.append(to_rgb)
        steps += self._log(space).leave
        return in_chunks(tuple(steps), planes, out)

    def log_encoding(self, space: str) -> str:
        """Say in words what LOG_RGB and LOG_Y are for pictures in this colour space."""
        return self._log(space).description

    def _linear(self, space: str) -> tuple[Transform, Transform]:
        there, back = self.transform(space, "scene_linear"), self.transform("scene_linear", space)
        if space not in self._reversible:
            codes = np.linspace(0, 1, 65, dtype=np.float32)
            if np.median(_loss(there, back, codes)) > 1e-3:
                raise ColourError(
                    f"'{space}' cannot be converted to scene_linear and back without loss in {self.name}; "
                    "choose another input colour space, or use a node that works in log"
                )
            self._reversible.add(space)
        return there, back

    def _log(self, space: str) -> _Log:
        name = self.resolve(space)
        if name not in self._logs:
            self._logs[name] = self._find_log(name)
        return self._logs[name]

    def _find_log(self, space: str) -> _Log:
        encoding = self._encoding(space)
        if encoding == "log":
            spread, gathered = _spread(self.transform("scene_linear", space))
            return _Log((spread,), (gathered,), "its own log")
        if encoding not in _LINEAR:
            return _Log((), (), f"its own transfer ({encoding})")
        why = "the config has no compositing_log role"
        if encoding == "display-linear":
            why = "display light"
        elif role := self._first(["compositing_log"]):
            there, back = self.transform(space, role), self.transform(role, space)
            if _loss(there, back, _SCENE).max() <= 2e-5:
                return _through(there, back, f"{role}, the compositing_log role")
            why = f"{role}, the compositing_log role, does not bring negatives and highlights back"
        there, back = (Transform(self._config.getProcessor(*curve)) for curve in _analytic())
        return _through(there, back, f"analytic ACEScct curve ({why})")

    def _encoding(self, space: str) -> str:
        """The encoding attribute of a space, or where an older config has none, what its numbers say."""
        found = self._config.getColorSpace(space)
        if found.isData():
            return "data"
        if stated := found.getEncoding():
            return str(stated)
        linear = self._config.isColorSpaceLinear(space, found.getReferenceSpaceType())
        return "scene-linear" if linear else "not linear"


def _through(there: Transform, back: Transform, description: str) -> _Log:
    spread, gathered = _spread(there)
    return _Log((there.apply, spread, fold), (unfold, gathered, back.apply), description)


def _spread(log: Transform) -> tuple[Step, Step]:
    """The straight line that takes the codes of neutral light of 0 and 1 to 0 and 1, and its inverse."""
    black, white = log(np.broadcast_to(np.array([0, 1], np.float32), (3, 1, 2)))[1, 0]
    span = white - black

    def spread(codes: Pixels) -> None:
        codes -= black
        codes /= span

    def gathered(codes: Pixels) -> None:
        codes *= span
        codes += black

    return spread, gathered


_SCENE = np.array([-1e4, -1.0, -0.01, 0.0, *np.geomspace(1e-4, 1e4, 33), 65504.0], np.float32)


_PROBE = np.random.default_rng(0).random((3, 8, 8), np.float32)


def _loss(there: Transform, back: Transform, grey: Pixels) -> Pixels:
    """The relative error (absolute below 1e-4) of grey values after the way there and back; NaN is inf."""
    line = np.broadcast_to(grey, (3, 1, grey.size))
    with np.errstate(invalid="ignore", over="ignore"):
        error: Pixels = np.abs(back(there(line)) - line).max(axis=0) / np.maximum(np.abs(grey), 1e-4)
    error[np.isnan(error)] = np.inf
    return error


def _analytic() -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The curve of ACEScct on its own, without its primaries, and its inverse.

    Y = (log2(x) + 9.72) / 17.52 above x = 2^-7, and the tangent there below, so that it has an inverse for
    every negative and every highlight; 0 is 0.073, 1 is 0.555, 10,000 is 1.313.
    Source: Academy S-2016-001, "ACEScct, A Quasi-Logarithmic Encoding of ACES Data for use within Color
    Grading Systems", section 4.4.
    """
    import PyOpenColorIO as ocio

    curve = ocio.LogCameraTransform([2.0**-7] * 3)
    curve.setBase(2.0)
    curve.setLogSideSlopeValue([1 / 17.52] * 3)
    curve.setLogSideOffsetValue([9.72 / 17.52] * 3)
    return (curve, ocio.TRANSFORM_DIR_FORWARD), (curve, ocio.TRANSFORM_DIR_INVERSE)


def _but(unmet: list[str]) -> str:
    return f"; no space of the config fits {' or '.join(unmet)}" if unmet else ""
