"""The fleet file: which GPUs a facility has, and which engines they want. examples/fleet.toml shows one."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from interneg.engines import gpus
from interneg.engines.building.libraries import LIBRARIES, Library
from interneg.engines.building.orders import (
    ENGINE_PRECISIONS,
    Order,
    models_without_int8,
    orders,
    target_note,
    target_of,
)
from interneg.engines.building.profiles import PROFILES
from interneg.engines.gpus import Gpu
from interneg.engines.manifest import EngineKey
from interneg.engines.models import Model, Precision
from interneg.errors import UsageError, near

DEFAULT_PRECISIONS = ("fp16", "int8")
DEFAULT_PROFILES = ("hd",)


class GpuClass(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Machines that are alike. gpus: names, or compute capabilities such as "sm89"."""

    name: str
    gpus: tuple[str, ...]
    models: tuple[str, ...] | None = None
    precisions: tuple[str, ...] | None = None
    profiles: tuple[str, ...] | None = None
    runtime: str | None = None


class Fleet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"classes": "class"}):
    """A facility. The four words besides the classes are for those that do not say."""

    classes: tuple[GpuClass, ...] = ()
    models: tuple[str, ...] = ("*",)
    precisions: tuple[str, ...] = DEFAULT_PRECISIONS
    profiles: tuple[str, ...] = DEFAULT_PROFILES
    runtime: str = "tensorrt-rtx"


class PlannedEngine(NamedTuple):
    """One engine of a plan. users: the classes and GPUs that it is for. note: what to know about it."""

    order: Order
    users: str = ""
    note: str = ""
    elsewhere: bool = False  # only a machine with the GPU builds it


class BuildPlan(NamedTuple):
    """What to build. lacking: the models that are wanted in int8 and have no weights for it."""

    engines: list[PlannedEngine]
    lacking: list[str]


def read(path: Path) -> Fleet:
    """Read a fleet file. Raises UsageError, naming the file and the reason."""
    try:
        fleet = msgspec.convert(_with_new_names(tomllib.loads(path.read_text("utf-8"))), Fleet)
    except OSError as error:
        raise UsageError(f"the fleet file {path} cannot be read: {error.strerror}") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise UsageError(
            f"{path} is no fleet file: {error}{_meant(str(error))}; examples/fleet.toml shows one"
        ) from error
    if not fleet.classes:
        raise UsageError(
            f"{path} has no [[class]]: name at least one, with its gpus; examples/fleet.toml shows one"
        )
    return fleet


def _with_new_names(table: dict[str, Any]) -> dict[str, Any]:
    """A fleet file's content, with `runtime` for what files of 0.1 call `library`."""
    classes = table.get("class", ())
    for facts in (table, *(classes if isinstance(classes, list) else ())):
        if isinstance(facts, dict) and "library" in facts and "runtime" not in facts:
            facts["runtime"] = facts.pop("library")
    return table


def _meant(complaint: str) -> str:
    """The key that a misspelt one was to be."""
    word = re.search(r"unknown field `([^`]*)`", complaint)
    kind = GpuClass if "$.class" in complaint else Fleet
    return near(word[1], kind.__struct_encode_fields__) if word else ""


def plan(
    fleet: Fleet,
    catalogue: Mapping[str, Model],
    version_compatible: bool = False,
    workspace: int | None = None,
) -> BuildPlan:
    """The engines that a fleet wants, each once.

    Raises UsageError, with near matches, for a GPU, model, precision, profile or runtime that there is not.
    """
    # TensorRT builds for one GPU of a machine.
    wants = any((c.runtime or fleet.runtime) == "tensorrt" for c in fleet.classes)
    here = gpus.current() if wants else None
    users: dict[EngineKey, dict[str, list[str]]] = {}
    engines: dict[EngineKey, PlannedEngine] = {}
    lacking: dict[str, None] = {}
    for group in fleet.classes:
        with _about(f"class '{group.name}'"):
            library = chosen_library(group.runtime or fleet.runtime)
            models = chosen_models(_given(group.models, fleet.models), catalogue)
            precisions = chosen_precisions(_given(group.precisions, fleet.precisions))
            names = chosen(_given(group.profiles, fleet.profiles), PROFILES, "profile")
            profiles = [PROFILES[p] for p in names]
            if not group.gpus:
                raise UsageError("it names no gpus")
            lacking |= dict.fromkeys(models_without_int8(models, precisions))
            for name in dict.fromkeys(group.gpus):
                gpu, elsewhere = _located(library, gpus.known(name), here)
                target = target_of(library, gpu)
                wanted = orders(
                    models, precisions, profiles, library, [target], version_compatible, workspace
                )
                for order in wanted:
                    note = (
                        "built on the GPU itself: run this there" if elsewhere else target_note(library, gpu)
                    )
                    engines.setdefault(order.key, PlannedEngine(order, "", note, elsewhere))
                    users.setdefault(order.key, {}).setdefault(group.name, []).append(name)
    for key, classes in users.items():
        texts = (f"{name}: {', '.join(cards)}" for name, cards in classes.items())
        engines[key] = engines[key]._replace(users="; ".join(texts))
    return BuildPlan(list(engines.values()), list(lacking))


def _given(own: tuple[str, ...] | None, others: tuple[str, ...]) -> tuple[str, ...]:
    return others if own is None else own


def _located(library: Library, gpu: Gpu, here: Gpu | None) -> tuple[Gpu, bool]:
    """A GPU, by its driver's name where it is here; and whether only another machine builds for it."""
    if library.targets:
        return gpu, False
    if here is not None and gpus.plain(here.name) == gpus.plain(gpu.name):
        return here, False
    return gpu, True


@contextmanager
def _about(what: str) -> Iterator[None]:
    """Put in front of complaints what they are about."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{what}: {error}") from error


def chosen(words: Iterable[str], known: Iterable[str], kind: str) -> list[str]:
    """The words, each checked. Raises UsageError, with near matches, for one that is not known."""
    names, found = list(known), list(words)
    for word in found:
        if word not in names:
            hint = near(word, names) or f" (there are {', '.join(names)})"
            raise UsageError(f"there is no {kind} '{word}'{hint}")
    if not found:
        raise UsageError(f"no {kind} is named (there are {', '.join(names)})")
    return found


def chosen_library(name: str) -> Library:
    """The library of a runtime, by the runtime's name. Raises UsageError."""
    return LIBRARIES[chosen([name], LIBRARIES, "runtime")[0]]


def chosen_precisions(names: Iterable[str]) -> Sequence[Precision]:
    """Precisions by name. Raises UsageError."""
    words = chosen(names, ENGINE_PRECISIONS, "engine precision")
    return [p for p in ENGINE_PRECISIONS if p in words]


def chosen_models(patterns: Iterable[str], catalogue: Mapping[str, Model]) -> list[Model]:
    """The models that names or patterns such as "denoise-sr-*-x2" mean. Raises UsageError."""
    patterns = list(patterns)
    if not patterns:
        raise UsageError(f"no model is named (the catalogue holds {', '.join(catalogue)})")
    found: dict[str, Model] = {}
    for pattern in patterns:
        matching = {n: m for n, m in catalogue.items() if fnmatchcase(n, pattern)}
        if not matching:
            hint = near(pattern, catalogue) or f" (the catalogue holds {', '.join(catalogue)})"
            raise UsageError(f"there is no model '{pattern}'{hint}")
        found |= matching
    return list(found.values())
