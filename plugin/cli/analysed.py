"""What `interneg analyse` writes: a folder for a whole shot, or one node's file with what goes with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from interneg.analysis import Analysis
from interneg.colour import Colour
from interneg.defects.shot_list import ShotDefects
from interneg.engine import EngineSource
from interneg.errors import OutputError, UsageError
from interneg.grain.av1 import Encode, table_text
from interneg.grain.found import video_space
from interneg.grain.shot import ShotGrain
from interneg.motion.measured_path import MeasuredPath
from interneg.nodes import NODES
from interneg.plugin.analysis.one_node import Findings, asked
from interneg.plugin.analysis.one_node import analyse as one_node
from interneg.plugin.analysis.plot import plot
from interneg.plugin.analysis.shot import analyse as whole_shot
from interneg.plugin.analysis.work import Work
from interneg.plugin.batch.grain_plot import kind_of
from interneg.plugin.batch.grain_plot import plot as drawn
from interneg.plugin.batch.job import Job
from interneg.plugin.batch.nuke_transform import nuke as for_nuke
from interneg.plugin.batch.progress import shown
from interneg.publish import replacing


@dataclass(frozen=True)
class Further:
    """Files that are asked for beside an analysis: a transform for Nuke, pictures, a plot, an AV1 table."""

    nuke: Path | None
    pictures: Path | None
    plot: Path | None
    av1: Path | None

    @property
    def there(self) -> list[Path]:
        """Those that are there already. Raises OutputError where a file stands where a folder is to be."""
        if self.pictures is not None and self.pictures.exists() and not self.pictures.is_dir():
            raise OutputError(f"--pictures {self.pictures} is a file: name a folder")
        full = self.pictures is not None and self.pictures.exists() and any(self.pictures.iterdir())
        found = [path for path in (self.nuke, self.plot, self.av1) if path is not None and path.exists()]
        return found + [self.pictures] * full if self.pictures is not None else found

    def require(self, kind: type[Analysis] | None) -> None:
        """Raise UsageError for what this kind of analysis does not have."""
        if self.nuke is not None and kind is not MeasuredPath:
            raise UsageError("--nuke takes the path of stabilise, and this is none; leave it out")
        if self.pictures is not None and kind is not ShotDefects:
            raise UsageError(
                "--pictures shows what scratch-inpaint found, and this file is of another node: add --node "
                "scratch-inpaint where the recipe has it, or leave --pictures out"
            )
        if (self.plot is not None or self.av1 is not None) and kind is not ShotGrain:
            if self.plot is None:
                raise UsageError(
                    "--av1 takes the grain that grain-match found, and this is none; leave it out"
                )
            raise UsageError(
                "--plot draws one file only where that is grain; for the curves of other nodes over a shot, "
                "name a folder in place of the file"
            )

    def of(self, found: Findings, colour: Colour) -> dict[Path, bytes]:
        """Their content, by name."""
        files: dict[Path, bytes] = {}
        made = found.analysis
        if self.nuke is not None and isinstance(made, MeasuredPath):
            files[self.nuke] = _nuke(made)
        if self.plot is not None and isinstance(made, ShotGrain):
            files[self.plot] = drawn(made.profile, kind_of(self.plot))
        if self.av1 is not None and isinstance(made, ShotGrain):
            encode = Encode(colour, video_space(colour, found.space))
            files[self.av1] = table_text(made.profile, made.profile.pitch, encode, 24).encode()
        if self.pictures is not None:
            files |= {self.pictures / f"defects.{n:04d}.png": png for n, png in found.pictures.items()}
        return files

    def outdated(self, files: Collection[Path]) -> list[Path]:
        """Pictures of an earlier analysis, whose numbers are those of another list; not those in `files`."""
        found = [] if self.pictures is None else sorted(self.pictures.glob("defects.*.png"))
        return [p for p in found if p not in files and p.name.split(".")[1].isdigit()]


def _nuke(made: MeasuredPath) -> bytes:
    """The corrections of a path, to be pasted into Nuke."""
    first = made.first
    return for_nuke(first.data, first.display, made.corrections, first.aspect).encode()


def to_file(
    job: Job, file: Path, further: Further, engines: EngineSource, node: str | None, overwrite: bool
) -> None:
    """Analyse one node and write its file. Raises UsageError, OutputError, and what a render raises."""
    there = [file] * file.exists() + further.there
    if there and not overwrite:
        raise OutputError(f"{there[0]} exists; choose another name, or replace it with --overwrite")
    asked_one = job.recipe.nodes[asked(job.recipe.nodes, NODES, node)]
    further.require(asked_one.analysis)
    if further.plot is not None:
        kind_of(further.plot)
    with shown() as progress:
        if not asked_one.solved_by and (knob := type(asked_one)().solved_by):
            progress.status(
                f"{asked_one.name}: measured anew; the file that {asked_one.name}.{knob} names is not used"
            )
        colour = Colour()
        found = one_node(job, NODES, colour, engines, progress, node, further.pictures is not None)
        made = found.analysis
        if isinstance(made, ShotGrain):
            made.called(file.name.removesuffix(".toml").removesuffix(".grain"))
        files = {file: made.text.encode()}
        files |= {file.with_suffix(ending): content for ending, content in made.beside.items()}
        files |= further.of(found, colour)
        for target, content in files.items():
            with replacing(target) as temporary:
                temporary.write_bytes(content)
        for path in further.outdated(files):
            path.unlink()
        for sentence in made.report:
            progress.status(sentence)
        for target in files:
            progress.status(f"written: {target}")


def to_folder(
    job: Job,
    folder: Path,
    further: Further,
    engines: EngineSource,
    node: str | None,
    measure: bool,
    overwrite: bool,
    discard: bool,
) -> None:
    """Analyse a whole shot into a folder. Raises UsageError, OutputError, and what a render raises."""
    for option, given in (("pictures", further.pictures), ("av1", further.av1)):
        if given is not None:
            raise UsageError(f"--{option} goes with the file of one node: give a file in place of {folder}")
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file: name a folder, or a file that ends in .json or .toml")
    ending = folder.suffix.casefold()
    if not folder.exists() and ending[1:].isalpha() and ending != ".analysis":
        raise UsageError(
            f"{folder} is neither a file that can be written, which ends in .json or .toml, nor a folder as "
            "shot.analysis: name one of these"
        )
    drawing = None if further.plot is None else kind_of(further.plot)
    if further.there and not overwrite:
        raise OutputError(f"{further.there[0]} exists; choose another name, or replace it with --overwrite")
    if (further.plot is not None or further.nuke is not None) and measure:
        raise UsageError(
            "--plot and --nuke take what is solved, and --measure solves nothing: leave one of them out"
        )
    if further.nuke is not None and not any(n.analysis is MeasuredPath for n in job.recipe.nodes):
        raise UsageError("--nuke takes the path of stabilise, and the recipe has none; leave it out")
    with shown() as progress:
        made = whole_shot(Work(job, folder, NODES, Colour(), engines, progress, node, measure, discard))
        files = {}
        if further.plot is not None and drawing is not None:
            traces = {name: analysis.traces for name, analysis in made.solved.items()}
            files[further.plot] = plot(traces, made.cuts, drawing)
        paths = {name: path for name, path in made.solved.items() if isinstance(path, MeasuredPath)}
        if further.nuke is not None and paths:
            first, *others = paths
            files[further.nuke] = _nuke(paths[first])
            if others:
                progress.status(
                    f"{further.nuke} has the path of {first}, and not of {', '.join(others)}: for that name "
                    "it with --node"
                )
        for target, content in files.items():
            with replacing(target) as temporary:
                temporary.write_bytes(content)
            progress.status(f"written: {target}")
