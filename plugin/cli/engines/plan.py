"""What is asked for: models, precisions, profiles and targets by name; and what of it is there already."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence

from interneg.engines import gpus
from interneg.engines.building.libraries import LIBRARIES, PORTABLE, Library
from interneg.engines.building.orders import check_target, models_without_int8, orders, target_note, target_of
from interneg.engines.building.profiles import PROFILES
from interneg.engines.fleet import (
    DEFAULT_PRECISIONS,
    DEFAULT_PROFILES,
    BuildPlan,
    PlannedEngine,
    chosen,
    chosen_library,
    chosen_models,
    chosen_precisions,
)
from interneg.engines.models import Model
from interneg.engines.store import Store
from interneg.errors import EngineError, UsageError
from interneg.plugin.cli.engines.tables import key_facts, print_table, runtime_of


def words_of(text: str) -> list[str]:
    """The words between commas."""
    return [w.strip() for w in text.split(",") if w.strip()]


def asked_for(
    known: Mapping[str, Model],
    named: Mapping[str, str | None],
    version_compatible: bool,
    workspace: int | None,
) -> BuildPlan:
    """What the options ask for. known: the catalogue. named: the options' texts.

    Raises UsageError for what there is not, EngineError where nothing here builds.
    """

    def words(option: str, default: Sequence[str]) -> Sequence[str]:
        text = named[option]
        return default if text is None else words_of(text)

    models = chosen_models(words("--models", ("*",)), known)
    precisions = chosen_precisions(words("--precisions", DEFAULT_PRECISIONS))
    profiles = [PROFILES[p] for p in chosen(words("--profiles", DEFAULT_PROFILES), PROFILES, "profile")]
    library = _library(named["--runtime"], named["--targets"])
    found = orders(
        models,
        precisions,
        list(dict.fromkeys(profiles)),
        library,
        _targets(library, named["--targets"]),
        version_compatible,
        workspace,
    )
    return BuildPlan([PlannedEngine(order) for order in found], models_without_int8(models, precisions))


def _library(name: str | None, targets: str | None) -> Library:
    """The library that was asked for, or the one that builds here."""
    if name is not None:
        found = chosen_library(name)
        if reason := found.missing():
            raise EngineError(f"{found.name}: {reason}")
        return found
    full, rtx = LIBRARIES["tensorrt"], LIBRARIES["tensorrt-rtx"]
    here = gpus.here() and targets in (None, "current")
    for candidate in (full, rtx) if here else (rtx,):
        if candidate.missing() is None:
            return candidate
    raise EngineError(
        f"nothing here builds engines: {rtx.missing()} (no GPU is needed for that)"
        + (f"; or {full.missing()}" if here else "")
    )


def _targets(library: Library, text: str | None) -> list[str]:
    # TensorRT builds for the one GPU that CUDA calls the first, TensorRT for RTX for any.
    here = gpus.here() if library.targets else [gpu for gpu in (gpus.current(),) if gpu is not None]
    own = {target_of(library, gpu): target_note(library, gpu) for gpu in here}
    words = words_of(text) if text is not None else ["current" if here else PORTABLE]
    found = []
    for word in words:
        if word in own:  # the command that a message gave
            found.append(word)
        elif word != "current":
            found.append(check_target(library, word))
        elif here:
            found += own
            for note in filter(None, own.values()):
                print(note, file=sys.stderr)
        else:
            raise UsageError("there is no GPU here to build for: name --targets, such as portable or sm89")
    if not found:
        raise UsageError("no target is named")
    return list(dict.fromkeys(found))


def show_plan(engines: Sequence[PlannedEngine], store: Store, force: bool, as_json: bool) -> None:
    """Print what would be built, or would not: a table, and what to know about it."""
    rows = [(engine, engine.order.key, state_of(engine, store, force)) for engine in engines]
    if as_json:
        facts = [
            key_facts(key) | {"for": engine.users, "plan": state, "note": engine.note}
            for engine, key, state in rows
        ]
        print(json.dumps(facts, indent=2))
        return
    print_table(
        ("model", "precision", "profile", "target", "runtime", "for", "plan"),
        [
            (k.model, k.precision, k.profile, k.target, runtime_of(k), engine.users, state)
            for engine, k, state in rows
        ],
    )
    for target, note in dict.fromkeys(
        (k.target, f"{engine.users}: {engine.note}") for engine, k, _ in rows if engine.note
    ):
        print(f"{target}: {note}")
    for reason in {engine.order.library.missing() for engine in engines} - {None}:
        print(f"{reason}; until then it cannot be told what the store has")
    print(", ".join(f"{n} {state}" for state, n in Counter(state for _, _, state in rows).items()))


def state_of(engine: PlannedEngine, store: Store, force: bool) -> str:
    """What is to be done for an engine: "build", or nothing, since it is "in the store" or "elsewhere"."""
    try:
        found = store.engine(engine.order.key)
        there = found is not None and bool(store.read(found))
    except EngineError:
        there = False  # a warning has named what is wrong with it
    if there and (engine.elsewhere or not force):
        return "in the store"
    return "elsewhere" if engine.elsewhere else "build"
