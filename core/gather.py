"""Gather: all nodes there are, from the files of a package and from the packages of other people."""

from __future__ import annotations

import logging
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import Field, dataclass, fields
from importlib import import_module
from types import MappingProxyType, ModuleType
from typing import Any

from interneg.errors import InternegError, UsageError
from interneg.knobs import knobs_of
from interneg.node import Node
from interneg.packages import Stated

log = logging.getLogger("interneg")

_FACTS = ("name", "label", "help", "version", "working_space", "layers")
_OURS = "Interneg itself"


@dataclass(frozen=True)
class Gathered:
    """nodes: by name. failures: why a node that a package states is not among them, by its name."""

    nodes: Mapping[str, type[Node]]
    failures: Mapping[str, str]


class InFiles(Mapping[str, type[Node]]):
    """The nodes of a package with one file per node, by name, in the order of the files.

    The node "denoise-sr" is in denoise_sr.py, which is imported where the node is asked for: a render needs
    few of them. Asking raises ValueError where the file does not hold that node, and that alone.
    """

    def __init__(self, package: ModuleType) -> None:
        files = [f.name for f in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")]
        stems = {name: name.rpartition(".")[2] for name in files}
        self._files = {s.replace("_", "-"): n for n, s in stems.items() if not s.startswith("_")}

    def __getitem__(self, name: str) -> type[Node]:
        module = import_module(self._files[name])
        here: list[type[Node]] = [
            v for v in vars(module).values() if _is_node(v) and v.__module__ == module.__name__
        ]
        if [kind.name for kind in here] != [name]:
            names = ", ".join(kind.name for kind in here) or "none"
            raise ValueError(f"{module.__file__} holds the nodes: {names}; it is to hold one, '{name}'")
        return here[0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


def gather(own: Mapping[str, type[Node]], others: Iterable[Stated]) -> Gathered:
    """Return the nodes in `own`, and after them those of other people's packages.

    A package that cannot be imported, or whose node lacks something, is left out and logged as a warning; the
    other nodes are there. Raises UsageError where two nodes share a name, or a class name, by which hosts
    know them.
    """
    if not (others := list(others)):
        return Gathered(own, MappingProxyType({}))
    nodes, failures = dict(own), {}
    origins = dict.fromkeys(own, _OURS)
    for stated in others:
        if stated.name in origins:
            raise _twice(f"a node '{stated.name}'", stated.package, origins[stated.name])
        origins[stated.name] = stated.package
        try:
            found = stated.load()
            problem = _problem(found, stated.name)
        except Exception as error:  # noqa: BLE001 - anybody's code; what it raises is told
            problem = f"it cannot be imported ({type(error).__name__}, {error})"
        if problem:
            failures[stated.name] = f"{problem}; mend, update or uninstall the package '{stated.package}'"
            log.warning("node '%s' is left out: %s", stated.name, failures[stated.name])
            continue
        for name, kind in nodes.items():
            if kind.__name__.casefold() == found.__name__.casefold():
                raise _twice(f"a node class '{found.__name__}'", stated.package, origins[name])
        nodes[stated.name] = found
    return Gathered(MappingProxyType(nodes), MappingProxyType(failures))


def _is_node(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Node) and value is not Node


def _problem(found: Any, name: str) -> str:
    """What is wrong with a node that a package states; empty where nothing is."""
    if not _is_node(found):
        return f"what is stated, {found!r}, is no subclass of interneg.node.Node"
    if lacks := [fact for fact in _FACTS if not hasattr(found, fact)]:
        return f"{found.__name__} does not state its {', '.join(lacks)}"
    if found.name != name:
        return f"it is stated as '{name}', but its name is '{found.name}'"
    if any(isinstance(value, Field) for value in vars(found).values()):
        return f"{found.__name__} is no dataclass: put @dataclass(frozen=True, kw_only=True) above it"
    knobs = knobs_of(found)
    if unknown := [b.knob for b in found.buttons if b.knob not in knobs]:
        return f"a button sets the knob '{unknown[0]}', which {found.__name__} does not have"
    if strange := [f.name for f in fields(found) if f.init and f.name not in knobs]:
        return f"its field '{strange[0]}' is no knob: declare it with interneg.knobs.knob"
    try:
        found()
    except InternegError as error:
        return f"its defaults do not fit: {error}"
    return ""


def _twice(what: str, package: str, other: str) -> UsageError:
    others = other if other == _OURS else f"the package '{other}'"
    return UsageError(f"the package '{package}' adds {what}, and so does {others}: uninstall one of them")
