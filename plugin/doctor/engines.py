"""Which runtimes there are, what each opens, and what runs each model by default."""

from __future__ import annotations

from typing import Any

from interneg.engines.models import Catalogue, Precision
from interneg.engines.runtimes import RUNTIMES, Runtime
from interneg.engines.source import Engines
from interneg.errors import EngineError, InternegError

CANNOT_OPEN = "cannot be opened: "
"""What the description of a model starts with that nothing opens."""


def runtimes() -> dict[str, Any]:
    """For each runtime why it is not available, or its version, its device and what it opens.

    opens: by model and precision an empty string, or why not and what to do.
    """
    return {name: _runtime(runtime) for name, runtime in RUNTIMES.items()}


def _runtime(runtime: Runtime) -> dict[str, Any]:
    if reason := runtime.unavailable():
        return {"unavailable": reason}
    try:
        facts = {"version": runtime.version(), "device": runtime.device()}
    except EngineError as error:
        return {"unavailable": str(error)}
    lacks = runtime.precisions()
    usable = [p for p, reason in lacks.items() if not reason]
    return facts | {
        "opens": _opens(runtime, usable),
        "lacks": {p: reason for p, reason in lacks.items() if reason},
    }


def _opens(runtime: Runtime, precisions: list[Precision]) -> dict[str, dict[str, str]]:
    """Every model at every precision, opened and qualified."""
    found: dict[str, dict[str, str]] = {}
    for precision in precisions:
        engines = Engines(runtime.name, precision)
        for name, model in engines.models.items():
            if precision == "int8" and "int8" not in model.weights:
                reason = "it has no int8 weights"
            else:
                try:
                    engines.open(name).close()
                    reason = ""
                except InternegError as error:
                    reason = str(error).removeprefix(f"no runtime here can open {name}: {runtime.name}: ")
            found.setdefault(name, {})[precision] = reason
    return found


def models() -> dict[str, str]:
    """What runs each model by default, as `Engines.describe` has it; or CANNOT_OPEN and why nothing can."""
    engines = Engines()
    found = {}
    for name in engines.models:
        try:
            found[name] = engines.describe(name)
        except InternegError as error:
            found[name] = f"{CANNOT_OPEN}{error}"
    unusable = engines.models.unusable if isinstance(engines.models, Catalogue) else {}
    return found | {name: f"{CANNOT_OPEN}{why}" for name, why in unusable.items()}
