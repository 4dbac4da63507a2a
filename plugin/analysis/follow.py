"""A render that follows an analysis: each node takes its solution out of the folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from interneg.colour import Colour
from interneg.errors import InputError
from interneg.io import format_frames, open_clip
from interneg.plugin.analysis import manifest as manifests
from interneg.plugin.analysis.frames import digests, inputs_of, looked_at
from interneg.plugin.analysis.manifest import MEASURED, Solved
from interneg.plugin.analysis.steps import difference, followed, made_with, solved, steps
from interneg.plugin.batch.job import Job, KnownCuts, frames_of, read_cuts
from interneg.recipe import NodeTypes

_ADVICE = "; `interneg analyse` with this recipe and input brings it up to date"


def follow(job: Job, folder: Path, types: NodeTypes, colour: Colour, tell: Callable[[str], None]) -> Job:
    """The job with the solutions in a folder as knobs of its recipe, and with its cuts.

    tell: takes a sentence for each node that was solved before the file of one before it was changed.
    Raises InputError where the folder is no analysis of this clip with this recipe, or of not all its frames
    as they are now, and RecipeError for a recipe with nothing to solve.
    """
    made = manifests.read(folder)
    if made is None:
        measured = (folder / MEASURED).is_dir()
        if folder.is_dir() and any(folder.iterdir()) and not measured:
            raise InputError(f"the folder {folder} is there, and holds no analysis: name another one")
        state = "has been measured, but is not solved yet" if measured else "is not there"
        raise InputError(f"the analysis {folder} {state}{_ADVICE}")
    todo = steps(job.recipe.nodes, types)
    if made.colour != colour.identity:
        raise InputError(f"the analysis {folder} was made with another OpenColorIO configuration{_ADVICE}")
    if made.space != (job.recipe.input_space or ""):
        raise InputError(
            f"the analysis {folder} was made with {_space(made.space)}, now it is "
            f"{_space(job.recipe.input_space or '')}{_ADVICE}"
        )
    with closing(open_clip(job.input)) as clip:
        wanted = frames_of(job, clip)
        behind = {s.name: looked_at(job.recipe.nodes[s.index + 1 :], wanted, clip) for s in todo}
        now = digests(clip, sorted(set().union(*behind.values())))
        numbers = clip.numbers
        given = read_cuts(job.cuts, clip) if job.cuts else None
    telling = {
        s.name: made.solved[s.name].frames for s in todo if s.analysis.has_events and s.name in made.solved
    }
    if all(step.name in made.solved for step in todo):
        made.require_events(telling, folder)
    for step in todo:
        solution = made.solved.get(step.name)
        if solution is None:
            raise InputError(f"the analysis {folder} has no solution of {step.name}{_ADVICE}")
        if other := difference(solution.nodes, made_with(job.recipe.nodes, step)):
            raise InputError(f"the analysis {folder} is of another recipe: {other}{_ADVICE}")
        if reason := _unlike(solution, {n: now[n] for n in sorted(behind[step.name])}, made.input):
            raise InputError(f"the analysis {folder} {reason}")
        if solution.inputs != inputs_of(job.recipe, step.index):
            raise InputError(
                f"the analysis {folder} was made with another mask, matte or reference before {step.name}, "
                f"or without one{_ADVICE}"
            )
        if given is None:
            made.require_cuts(numbers[0], numbers[-1], folder)
        if _within(made.cuts if given is None else given, solution) != _within(solution.cuts, solution):
            raise InputError(
                f"the analysis {folder} was solved with cuts at {format_frames(solution.cuts)}, and now they "
                f"are others{_ADVICE}"
            )
        if solution.events != made.events_of(step.name):
            raise InputError(
                f"the analysis {folder} was solved before the events of {step.name} were changed{_ADVICE}"
            )
        path, before = folder / solution.file, folder / MEASURED / solution.file
        if not path.exists():
            raise InputError(f"{path} is gone{_ADVICE}")
        if solution.is_edited(folder) and before.exists():
            step.analysis.require_read_only(before.read_bytes(), path.read_bytes(), str(path))
    for k, step in enumerate(todo):
        if other := made.solved[step.name].changed(followed(job.recipe.nodes, todo[:k], folder, numbers)):
            tell(
                f"{step.name} is as it was solved before {other}: analyse again to have it measured behind "
                "that, on the frames that see a change"
            )
    recipe = replace(job.recipe, nodes=tuple(solved(job.recipe.nodes, todo, folder)))
    own = made.own_cuts
    known = None if own is None or job.cuts else KnownCuts(tuple(own), tuple(made.known))
    return replace(job, recipe=recipe, known_cuts=known)


def _within(cuts: Sequence[int], solution: Solved) -> set[int]:
    """The first frames of shots among those of a solution, but for the first of all."""
    return {*cuts}.intersection(solution.frames) - {min(solution.frames)}


def _unlike(solution: Solved, now: dict[int, str], name: str) -> str:
    """How the frames of a solution are not those of the clip, in words; empty where they are."""
    known = [n for n in now if n in solution.frames]
    if len(known) > 1 and any(now[n] for n in known) and all(solution.frames[n] != now[n] for n in known):
        return (
            "is of another clip, or of this one when it was numbered otherwise: all frames differ from "
            f"those of {name} that it was made of; name the analysis of this clip, or another folder for "
            "`interneg analyse`, which would measure all of this one anew"
        )
    missing = [n for n in now if n not in solution.frames]
    if len(missing) == len(now):
        return (
            f"has frames {format_frames(solution.frames)}, and the render looks at {format_frames(now)}: "
            "name the analysis of these frames, or `interneg analyse` them into another folder"
        )
    if missing:
        return f"has frames {format_frames(solution.frames)}, and not {format_frames(missing)}{_ADVICE}"
    changed = [n for n, found in now.items() if solution.frames[n] != found]
    if not changed:
        return ""
    if gone := [n for n in changed if not now[n]]:
        frames = f"frame{'s' * (len(gone) > 1)} {format_frames(gone)}"
        return f"was made with {frames}, gone by now or unreadable{_ADVICE}"
    return f"is older than frame{'s' * (len(changed) > 1)} {format_frames(changed)}, changed since{_ADVICE}"


def _space(name: str) -> str:
    return f"the input space '{name}'" if name else "the input space that the files name"


def beside(output: str) -> Path:
    """The folder in which the analysis of a render is kept, where none is named: beside its output."""
    path = Path(output)
    stem = path.name if not path.suffix else path.name[: -len(path.suffix)]
    clean = stem.split("%")[0].split("#")[0].split("@")[0].rstrip("._-") or "output"
    return path.absolute().parent / f"{clean}.analysis"
