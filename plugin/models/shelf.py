"""The models that there are, their cards, and the removal of imported ones."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from interneg.engines.models import Model, find
from interneg.errors import OutputError, UsageError


def files_of(model: Model) -> tuple[Path, ...]:
    """The entry of a model and all that it names, the entry first."""
    weights = [Path(w.file) for w in model.weights.values()]
    entry = weights[0].with_name(f"{model.name}.toml")
    card, reference = entry.with_suffix(".md"), model.reference
    further = [Path(reference.file)] if reference else []
    return (entry, *dict.fromkeys(weights), *further, *([card] if card.is_file() else []))


def full_name(name: str) -> str:
    """The name in the catalogue; lite and standard, as Denoise-SR calls its own, are those of 1x."""
    return f"denoise-sr-{name}-x1" if name in ("lite", "standard") else name


def is_imported(model: Model) -> bool:
    """Whether a model is one that somebody imported or trained, and not one of Interneg or of a package."""
    return model.origin is not None


def card_of(model: Model) -> str:
    """What is written of a model: its card, or that of its family, or else what its entry says."""
    entry = files_of(model)[0]
    for stem in (model.name, model.name.rpartition("-")[0]):
        card = entry.with_name(f"{stem}.md")
        if card.is_file():
            return card.read_text(encoding="utf-8")
    rows = [f"# {model.name}", "", model.description, "", f"Licence: {model.licence}", ""]
    return "\n".join((*rows, *(f"- {name}: {value:g}" for name, value in model.quality.items()))) + "\n"


def remove(models: Mapping[str, Model], name: str) -> tuple[Path, ...]:
    """Remove an imported model, its entry first. Returns the files that are gone.

    Raises EngineError for one that there is not, UsageError for one that came with Interneg or a package,
    OutputError where a file cannot be removed.
    """
    model = find(models, name)
    if not is_imported(model):
        raise UsageError(
            f"the model {name} came with Interneg or with a package: imported ones can be removed"
        )
    gone = []
    for path in files_of(model):
        try:
            path.unlink()
        except OSError as error:
            raise OutputError(f"{path} cannot be removed: {error.strerror}") from error
        gone.append(path)
    return tuple(gone)
