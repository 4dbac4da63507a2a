"""The look-up tables of an OpenColorIO configuration: which files they are, and what is in them.

OCIO knows a table again by its place and time, and reads it once in a process; here its content counts.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

# PyOpenColorIO is imported where it is used: what only lists nodes never loads it.

__all__ = ["Tables", "content_of", "forget_read_tables", "tables_of"]

_THREADS = 4
_TEXTS = ("getSrc", "getDst", "getCCCId", "getLooks", "getDisplay", "getView")
"""What transforms say in words, in which variables may stand."""


class Tables(NamedTuple):
    """The tables of a configuration.

    files: the file of each that is there, by the name that the configuration has for it. missing: the names
    of the others. awaited: where a file would be found before these. words: what else depends on variables,
    with their values.
    """

    files: dict[str, Path]
    missing: tuple[str, ...]
    awaited: tuple[Path, ...]
    words: tuple[str, ...]

    @property
    def watched(self) -> tuple[Path, ...]:
        """The files that make another picture where they change, come or go."""
        return (*self.files.values(), *self.awaited)


def tables_of(config: Any) -> Tables:
    """Find the tables of a configuration, a PyOpenColorIO.Config; opens none.

    One in an archive (.ocioz) has none: it holds them itself.
    """
    import PyOpenColorIO as ocio

    files, missing, awaited, words = {}, [], [], set()
    context, inside = config.getCurrentContext(), config.getConfigIOProxy() is not None
    for transform in _transforms(config):
        texts = [str(getattr(transform, get)()) for get in _TEXTS if hasattr(transform, get)]
        is_file = isinstance(transform, ocio.FileTransform)
        words |= {f"{t}={context.resolveStringVar(t)}" for t in texts[is_file:] if "$" in t}
        if not is_file or inside or texts[0] in files or texts[0] in missing:
            continue
        # OCIO keeps in mind which files there were when it looked first.
        folders = list(config.getSearchPaths()) or [""]
        places = [
            Path(config.getWorkingDir(), *map(context.resolveStringVar, (folder, texts[0])))
            for folder in folders
        ]
        there = [k for k, path in enumerate(places) if path.is_file()]
        awaited += places[: there[0]] if there else places
        if there:
            files[texts[0]] = places[there[0]]
        else:
            missing.append(texts[0])
    return Tables(files, tuple(missing), tuple(awaited), tuple(sorted(words)))


def content_of(config: Any, source: str, tables: Tables) -> str:
    """A hash of a configuration and what is in its tables, wherever they lie, 32 hex digits.

    source: the file that an archive is read from.
    """
    bare = copy.deepcopy(config)
    bare.clearSearchPaths()
    found = hashlib.blake2b(bare.serialize().encode(), digest_size=16)
    archive = {source: Path(source)} if config.getConfigIOProxy() is not None else {}
    files = {**tables.files, **archive}
    with ThreadPoolExecutor(_THREADS) as pool:
        digests = dict(zip(files, pool.map(_digest, files.values()), strict=True))
    held = (f"{'' if name in archive else name} {digests[name]}" for name in sorted(files))
    for line in (*held, *tables.words):
        found.update(f"\n{line}".encode())
    return found.hexdigest()


def forget_read_tables() -> None:
    """Have OCIO read tables anew: it keeps the content of each file that it has read in this process."""
    import PyOpenColorIO as ocio

    ocio.ClearAllCaches()


def _digest(path: Path) -> str:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"not readable: {error.strerror}"


def _transforms(config: Any) -> Iterator[Any]:
    """All transforms of a configuration, those in groups one by one."""
    import PyOpenColorIO as ocio

    ways = (ocio.COLORSPACE_DIR_TO_REFERENCE, ocio.COLORSPACE_DIR_FROM_REFERENCE)
    for space in config.getColorSpaces(ocio.SEARCH_REFERENCE_SPACE_ALL, ocio.COLORSPACE_ALL):
        yield from _parts(space.getTransform(way) for way in ways)
    for view in config.getViewTransforms():
        view_ways = (ocio.VIEWTRANSFORM_DIR_TO_REFERENCE, ocio.VIEWTRANSFORM_DIR_FROM_REFERENCE)
        yield from _parts(view.getTransform(way) for way in view_ways)
    for named in config.getNamedTransforms(ocio.NAMEDTRANSFORM_ALL):
        yield from _parts(
            named.getTransform(way) for way in (ocio.TRANSFORM_DIR_FORWARD, ocio.TRANSFORM_DIR_INVERSE)
        )
    for look in config.getLooks():
        yield from _parts((look.getTransform(), look.getInverseTransform()))


def _parts(transforms: Iterable[Any]) -> Iterator[Any]:
    import PyOpenColorIO as ocio

    for transform in transforms:
        if isinstance(transform, ocio.GroupTransform):
            yield from _parts(transform)
        elif transform is not None:
            yield transform
