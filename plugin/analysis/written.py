"""The files of a solved node: written anew, kept as a person changed them, or both in one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from interneg.analysis import Analysis
from interneg.errors import InputError, OutputError
from interneg.node import Node
from interneg.plugin.analysis import manifest as manifests
from interneg.plugin.analysis.manifest import MEASURED, Solved
from interneg.plugin.analysis.steps import Step, solved
from interneg.plugin.batch.progress import Progress
from interneg.plugin.facts.files import read
from interneg.publish import replacing


def write(
    folder: Path, step: Step, analysis: Analysis, before: Solved | None, progress: Progress, *, edits: bool
) -> str:
    """Write the files of a solved node; the digest of what was solved.

    before: its earlier solution. edits: whether a person's changes may be replaced; else they are carried
    over into the new file. Raises OutputError where they would be lost, InputError where the changed file is
    none.
    """
    path, content = folder / step.file, analysis.text.encode()
    # What was solved, as it was before anyone changed it. It is written first: changes that are carried over
    # already are never taken for changes of the file before.
    pristine = folder / MEASURED / step.file
    was = pristine.read_bytes() if pristine.exists() else None
    # Without a manifest, which may have been removed, what was solved tells what was written.
    known = manifests.digest(was) if was is not None else ""
    written = known if before is None else before.written
    now = manifests.digest(content)
    there = manifests.digest(path.read_bytes()) if path.exists() else now
    files = {pristine: content, path: content}
    if there not in (now, written) and not edits:
        if written == now:
            with _mended(path, pristine):
                analysis.edited(path.read_bytes(), str(path))
            progress.status(f"{step.name}: {path} was changed by hand and stays as it is")
            return now
        carried = None
        if was is not None and known == written:
            carried = analysis.carried(was, path.read_bytes(), str(path))
        if carried is None:
            raise OutputError(
                f"{path} was changed by hand, and has been solved anew since: move it away, "
                "analyse, and make the changes in the new one; or give them up with --discard-changes"
            )
        files[path] = carried.text.encode()
        progress.status(f"{step.name}: changes by hand in the new {path}: {carried.told}")
        if carried.lost:
            copy = _free(path)
            files[copy] = path.read_bytes()
            progress.status(f"{step.name}: the file as it was, with what is left out, is kept as {copy}")
    else:
        state = "written" if not path.exists() or there != now else "unchanged"
        progress.status(f"{step.name}: {state}: {path}")
    files |= {path.with_suffix(ending): beside for ending, beside in analysis.beside.items()}
    for target, data in files.items():
        if target.exists() and target.read_bytes() == data:
            continue
        with replacing(target) as temporary:
            temporary.write_bytes(data)
    return now


def as_edited(
    folder: Path, step: Step, analysis: Analysis, nodes: Sequence[Node], numbers: Collection[int]
) -> Analysis:
    """The analysis as a person changed the file of a node. numbers: of the frames that it has to have.

    Raises InputError where it is none any more, or lacks one of them.
    """
    path = folder / step.file
    with _mended(path, folder / MEASURED / step.file):
        found = analysis.edited(path.read_bytes(), str(path))
        solved(nodes, [step], folder)[step.index].require(numbers, read)
    return found


def _free(path: Path) -> Path:
    """A name for an earlier such file, which no file has: NAME.before.json, then NAME.before-2.json."""
    count, copy = 1, path.with_name(f"{path.stem}.before{path.suffix}")
    while copy.exists():
        count += 1
        copy = path.with_name(f"{path.stem}.before-{count}{path.suffix}")
    return copy


@contextmanager
def _mended(path: Path, pristine: Path) -> Iterator[None]:
    """Errors about a file that a person changed say how to go on."""
    try:
        yield
    except InputError as error:
        raise InputError(
            f"{error}. Mend what was changed by hand in {path} (as it was solved, it stands in {pristine}), "
            "or give it up with --discard-changes"
        ) from error
