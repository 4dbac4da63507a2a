"""A whole shot analysed into a folder: each node of a recipe that can be solved, one after the other.

A node measures what the nodes before it make of the shot, these being solved already. So what one machine has
solved, many may measure the next node for, a chunk of frames each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from msgspec import structs

from interneg.analysis import Analysis
from interneg.errors import OutputError, UsageError
from interneg.io import Clip, format_frames, open_clip
from interneg.plugin.analysis import manifest as manifests
from interneg.plugin.analysis.frames import digests, inputs_of, looked_at
from interneg.plugin.analysis.manifest import MEASURED, AnalysisManifest, Solved
from interneg.plugin.analysis.measuring import Measuring
from interneg.plugin.analysis.steps import Step, difference, followed, made_with, named, solved, steps
from interneg.plugin.analysis.work import Underway, Work
from interneg.plugin.analysis.written import as_edited, write
from interneg.plugin.batch.gaps import require
from interneg.plugin.batch.job import KnownCuts, frames_of
from interneg.plugin.noted.records import NotedFrames


def analyse(work: Work) -> Solutions:
    """Measure what has not been measured, and solve; what each node made of the shot, and its cuts.

    Raises RecipeError where there is nothing to solve, UsageError where nodes before the only one are not
    solved, OutputError where a person's changes would be lost, and what a render raises. Raises
    KeyboardInterrupt after SIGINT or SIGTERM; what was measured stays.
    """
    todo = steps(work.job.recipe.nodes, work.types)
    only = None if work.node is None else named(todo, work.node)
    found = Solutions()
    with closing(open_clip(work.job.input)) as clip:
        wanted = frames_of(work.job, clip)
        require(clip, work.job.input, looked_at(work.job.recipe.nodes, wanted, clip), work.job.missing)
        at = Underway(work, clip, wanted)
        made = _begun(work, clip)
        made.require_events({s.name: at.solved(s, made) for s in todo if s.analysis.has_events}, work.folder)
        if work.job.cuts is not None:
            _tell_replaced(at, made)
        else:
            made.require_cuts(clip.numbers[0], clip.numbers[-1], work.folder)
        for k, step in enumerate(todo):
            if only is not None and step.index < only.index:
                if reason := _unsolved(at, step, made):
                    raise UsageError(f"{only.name} comes after {step.name}, {reason}: solve that first")
                continue
            if k and only is None and work.measure and (reason := _unsolved(at, todo[k - 1], made)):
                work.progress.status(
                    f"{step.name} comes after {todo[k - 1].name}, {reason}: solve that first"
                )
                break
            alone = only is not None
            work.progress.part(0 if alone else k, (1 if alone else len(todo)) + work.further)
            made, analysis = _step(at, todo[:k], step, made)
            if analysis is not None:
                found.solved[step.name] = analysis
            if step is only:
                break
    found.cuts = made.cuts
    return found


@dataclass
class Solutions:
    """What became of a shot: the analysis of each node that was solved, by its name, and the cuts."""

    solved: dict[str, Analysis] = field(default_factory=dict)
    cuts: Sequence[int] = ()


def _begun(work: Work, clip: Clip) -> AnalysisManifest:
    """The manifest as this work goes on with it. Raises OutputError where the folder is not for it."""
    before = manifests.read(work.folder)
    if before is None and _holds_others(work.folder):
        raise OutputError(f"the folder {work.folder} is there, and holds no analysis: name another one")
    space, colour = work.job.recipe.input_space or "", work.colour.identity
    if before is not None and before.input != work.job.input:
        known = {n: d for s in before.solved.values() for n, d in s.frames.items()}
        if known and not set(digests(clip, known.keys() & set(clip.numbers)).items()) & set(known.items()):
            raise OutputError(
                f"{work.folder} is the analysis of another clip, {before.input}, and shares no frame with "
                f"{work.job.input}: name another folder"
            )
        work.progress.status(f"{work.folder} was made of {before.input}, and is now of {work.job.input}")
    if before is None:
        return AnalysisManifest(
            format=manifests.FORMAT, input=work.job.input, space=space, colour=colour,
            cuts=[], found=[], given=False, solved={},
        )  # fmt: skip
    return structs.replace(before, input=work.job.input, space=space, colour=colour)


def _holds_others(folder: Path) -> bool:
    """Whether a folder is there, and is not empty, and no analysis."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return False
    return not (folder / MEASURED).exists() and not (folder / manifests.NAME).exists()


def _unsolved(at: Underway, step: Step, made: AnalysisManifest) -> str:
    """Why a node does not count as solved, in words; empty where it does."""
    found = made.solved.get(step.name)
    if found is None or not (at.work.folder / found.file).exists():
        return "which is not solved yet"
    if other := difference(found.nodes, made_with(at.work.job.recipe.nodes, step)):
        return f"of which {other}"
    now = digests(at.clip, at.frames(step))
    if found.inputs != inputs_of(at.work.job.recipe, step.index):
        return "before which a mask, matte or reference has changed"
    if found.events != made.events_of(step.name):
        return "of which the events have been changed since"
    before = [s for s in steps(at.work.job.recipe.nodes, at.work.types) if s.index < step.index]
    if other := found.changed(followed(at.work.job.recipe.nodes, before, at.work.folder, at.clip.numbers)):
        return f"before which {other}"
    if changed := [n for n in now if found.frames.get(n) != now[n]]:
        return f"which is not solved for frames {format_frames(changed)} as they are now"
    return ""


def _step(
    at: Underway, done: Sequence[Step], step: Step, made: AnalysisManifest
) -> tuple[AnalysisManifest, Analysis | None]:
    """Measure one node, and solve it where that is asked for. done: the steps before."""
    work = at.work
    nodes = work.job.recipe.nodes
    following = solved(nodes, done, work.folder)[: step.index + 1]
    wanted = at.wanted if work.measure else at.solved(step, made)
    work.progress.status(f"{step.name}: measuring")
    measuring = Measuring(
        work.job, at.clip, wanted, following, _cuts(at, made), work.colour, work.engines, work.progress
    )
    facts, behind = made_with(nodes, step), followed(nodes, done, work.folder, at.clip.numbers)
    keys = {n: measuring.key(n, facts) for n in wanted}
    records = NotedFrames(work.folder / MEASURED / step.name, type(nodes[step.index]))
    measuring.run(records, keys)
    if work.measure:
        return made, None
    found = {n: record for n in wanted if (record := records.record(n, keys[n])) is not None}
    if lost := [n for n in wanted if n not in found]:
        measuring.run(records, keys, again=lost)
        found |= {n: record for n in lost if (record := records.record(n, keys[n])) is not None}
    if lost := [n for n in wanted if n not in found]:
        raise OutputError(
            f"{records.folder}: what was measured of frames {format_frames(lost)} is changed by "
            "something else at the same time: two recipes need a folder each"
        )
    work.progress.status(f"{step.name}: solving")
    analysis = measuring.solve(found)
    if events := made.events_of(step.name):
        analysis = analysis.marked(events)
    starts = sorted(n for n, record in found.items() if record.starts)
    made = _solved(at, step, made, analysis, starts, keys, behind)
    if made.solved[step.name].is_edited(work.folder):
        analysis = as_edited(work.folder, step, analysis, nodes, keys)
    return made, analysis


def _tell_replaced(at: Underway, made: AnalysisManifest) -> None:
    """Tell where the file of --cuts takes the place of cuts that a person wrote into analysis.json."""
    work, numbers = at.work, at.clip.numbers
    given = {numbers[0], *(at.given.starts if at.given else ())} & set(numbers)
    if made.cuts != made.found and not given.issuperset(made.cuts):
        work.progress.status(
            f"{work.folder / manifests.NAME}: the cuts in it, {format_frames(made.cuts)}, are replaced by "
            f"those of {work.job.cuts}, {format_frames(given)}"
        )


def _cuts(at: Underway, made: AnalysisManifest) -> KnownCuts | None:
    """Where shots begin, as far as the command line or a person's changes say so."""
    if at.given is not None:
        return at.given
    return None if made.own_cuts is None else KnownCuts(tuple(made.own_cuts), tuple(made.known))


def _solved(
    at: Underway,
    step: Step,
    made: AnalysisManifest,
    analysis: Analysis,
    starts: Sequence[int],
    keys: Mapping[int, str],
    behind: dict[str, str],
) -> AnalysisManifest:
    """Write the files of a solved node, and the manifest. starts: the first frames of the shots. behind:
    see `Solved`.
    """
    work = at.work
    before = made.solved.get(step.name)
    now = write(work.folder, step, analysis, before, work.progress, edits=work.edits)
    for sentence in analysis.report:
        work.progress.status(sentence)
    if before is not None and (left := [n for n in before.frames if n not in keys]):
        work.progress.status(
            f"{step.name} was solved for frames {format_frames(before.frames)}, and is now for "
            f"{format_frames(keys)}, without {format_frames(left)}; to measure a chunk, use --measure"
        )
    given = work.job.cuts is not None
    own = starts if given else made.own_cuts and made.cuts_left(at.clip.numbers[0])
    frames = digests(at.clip, keys)
    inputs = inputs_of(work.job.recipe, step.index)
    facts = [dict(f) for f in made_with(work.job.recipe.nodes, step)]
    made = structs.replace(
        made,
        solved={
            **made.solved,
            step.name: Solved(
                step.file, now, behind, facts, frames, list(starts), inputs, made.events_of(step.name)
            ),
        },
        cuts=list(starts if own is None else own),
        found=list(starts) if own is None or given else made.found,
        given=given or made.given,
    )
    manifests.write(work.folder, made)
    return made
