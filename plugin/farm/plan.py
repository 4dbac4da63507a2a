"""The job that renders a clip: measure and solve what is analysed, render, and make the page for review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from interneg.errors import UsageError
from interneg.graph import needed
from interneg.io import Clip, open_clip
from interneg.io.formats import is_movie
from interneg.knobs import knobs_of
from interneg.node import Node
from interneg.plugin.farm.engine_steps import engine_steps
from interneg.plugin.farm.job import Argument, FarmJob, FarmPath, FarmStep, Frames, Needs, Piece


@dataclass(frozen=True)
class FarmOrder:
    """A render as it was asked for.

    name: of the job. recipe: as the commands take it. nodes: what is in it. files: paths of further options
    of a render, "--mask" and the like. options: further options of a render; shared: those that an analysis
    takes, too; spaces: those of the page. analysis: the folder of the analysis, None for none; solved: what
    it is made for, in the order of the recipe, "stabilise", "stabilise-2". review: the folder of the page.
    fleet: the file that names the engines to build before. ocio: the configuration. interneg, build_engines:
    the programs on the hosts. models: the folder of the models of the user's own, and model_files what of it
    is needed.
    """

    name: str
    recipe: Piece
    nodes: Sequence[Node]
    input: FarmPath
    output: FarmPath
    frames: tuple[int, ...]
    chunk: int
    runtime: str
    precision: str
    needs: Needs
    files: Mapping[str, FarmPath] = field(default_factory=dict)
    shared: Sequence[str] = ()
    options: Sequence[str] = ()
    spaces: Sequence[str] = ()
    analysis: FarmPath | None = None
    solved: Sequence[str] = ()
    review: FarmPath | None = None
    fleet: FarmPath | None = None
    ocio: Piece | None = None
    interneg: str = "interneg"
    build_engines: str = "build_engines.py"
    models: FarmPath | None = None
    model_files: Sequence[Path] = ()


def clip_path(name: str, clip: str, writes: bool = False) -> FarmPath:
    """A clip as a path that hosts map: a folder, or a folder and the name or pattern in it."""
    path = Path(clip).absolute()
    return (
        FarmPath(name, path, writes=writes)
        if path.is_dir()
        else FarmPath(name, path.parent, path.name, writes)
    )


def job_of(order: FarmOrder, clip: Clip) -> FarmJob:
    """The job of an order, `clip` being its input."""
    steps = list(_steps(order))
    wanted = sorted({n for frame in order.frames for n in needed(order.nodes, frame)})
    files = dict.fromkeys(path for n in wanted if (path := clip.path_of(n)) is not None)
    for further in (f for f in order.files.values() if not f.is_file):
        with closing(open_clip(str(further))) as other:
            files |= dict.fromkeys(p for n in other.numbers if (p := other.path_of(n)) is not None)
    environment: dict[str, Piece] = {} if order.ocio is None else {"OCIO": order.ocio}
    if order.models is not None:
        environment["INTERNEG_MODELS"] = order.models
    read = [path.absolute() for path in (*files, *order.model_files)]
    return FarmJob(order.name, steps, order.frames, order.chunk, environment, read)


def _steps(order: FarmOrder) -> Iterator[FarmStep]:
    before: tuple[str, ...] = ()
    if order.fleet is not None:
        made = list(engine_steps(order.fleet, None, order.build_engines))
        yield from made
        before = tuple(step.name for step in made)
    source: list[Argument] = [order.recipe, order.input]
    shared: list[Argument] = [*order.shared, *_knob_files(order.nodes)]
    if "--cuts" in order.files:
        shared += ["--cuts", order.files["--cuts"]]
    folder = order.analysis
    for node in order.solved if folder is not None else ():
        assert folder is not None
        line: list[Argument] = ["analyse", *source, folder, "--node", node, *shared, *_processor(order)]
        measure, solve = f"Measure {node}", f"Solve {node}"
        yield FarmStep(
            measure, f"Measure the frames for {node}.", order.interneg,
            [*line, "--measure", "--frames", Frames.TASK], order.needs, True, before,
        )  # fmt: skip
        yield FarmStep(
            solve, f"Solve the shot for {node} from what was measured.", order.interneg,
            [*line, "--frames", Frames.JOB], order.needs, False, (measure,),
        )  # fmt: skip
        before = (solve,)
    # A movie is written as a whole.
    chunked = not is_movie(Path(order.output.tail or order.output.path))
    extra: list[Argument] = [*order.options]
    for option, path in order.files.items():
        if option != "--cuts":
            extra += [option, path]
    if order.analysis is not None:
        extra += ["--analysis", order.analysis]
    yield FarmStep(
        "Render", "Render the frames that are not up to date.", order.interneg,
        ["render", *source, order.output, *shared, *_processor(order), *extra,
         "--frames", Frames.TASK if chunked else Frames.JOB],
        order.needs, chunked, before,
    )  # fmt: skip
    if order.review is not None:
        page: list[Argument] = ["review", order.input, order.output, "--html", order.review]
        if "--missing" not in order.shared:  # else it shows those that are there before and after
            page += ["--frames", Frames.JOB]
        page += order.spaces
        if order.analysis is not None:
            page += ["--analysis", order.analysis]
        host = Needs(order.needs.cores, order.needs.memory)
        yield FarmStep("Review", "Make the page for review.", order.interneg, page, host, False, ("Render",))


def _processor(order: FarmOrder) -> list[Argument]:
    return ["--runtime", order.runtime, "--precision", order.precision]


def _knob_files(nodes: Sequence[Node]) -> Iterator[Argument]:
    """Options that name the files of knobs again, so that hosts map their paths.

    Raises UsageError where --set, which is for all nodes of a name, cannot tell two apart.
    """
    for number, node in enumerate(nodes, 1):
        for knob, declared in knobs_of(type(node)).items():
            if declared.kind == "file" and (value := str(getattr(node, knob))):
                path = FarmPath(
                    f"File{number}{knob.title().replace('_', '')}", Path(value).absolute(), is_file=True
                )
                if any(n.name == node.name and str(getattr(n, knob)) != value for n in nodes):
                    raise UsageError(
                        f"the recipe has several nodes {node.name} with {knob} of their own, which a farm "
                        "cannot map: submit them one after the other"
                    )
                yield "--set"
                yield (f"{node.name}.{knob}=", path)
