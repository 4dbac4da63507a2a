"""A job as an Open Job Description bundle: the folder that Deadline Cloud and OpenJD runners take.

Follows the specification 2023-09 with its extension TASK_CHUNKING, and the bundles of AWS Deadline Cloud.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import yaml

from interneg.errors import UsageError
from interneg.plugin.farm.job import FarmJob, FarmPath, FarmStep, Frames, Needs, Piece
from interneg.plugin.machine.sizes import MIB

VERSION = "jobtemplate-2023-09"
MOST_IN_A_CHUNK = 150
"""Frames of a task that Deadline Cloud allows."""

CLASS = "attr.interneg.gpu_class"
"""The attribute of hosts that names their class in a fleet file."""

_MOST_CHUNKS = 1024
"""Entries of a list of ranges."""

_MOST_TEXT = 1024
"""Characters of a parameter's value."""

_NOTICE = 30
"""Seconds between SIGTERM and SIGKILL where a task is cancelled: a render ends within 5."""


def bundle(job: FarmJob) -> dict[str, bytes]:
    """The files of the bundle by name. Raises UsageError for what the specification cannot say."""
    if job.chunk > MOST_IN_A_CHUNK:
        raise UsageError(f"--chunk {job.chunk}: Deadline Cloud takes at most {MOST_IN_A_CHUNK} frames a task")
    values = {name: value for name, (_, value) in _parameters(job).items() if value is not None}
    if long := [n for n, v in values.items() if len(str(v)) > _MOST_TEXT]:
        raise UsageError(
            f"the parameter {long[0]} is longer than {_MOST_TEXT} characters, which is all that Open Job "
            "Description takes; put the recipe into a file, or submit ranges of frames one by one"
        )
    listed = [{"name": name, "value": value} for name, value in values.items()]
    return {
        "template.yaml": _yaml(template(job)),
        "parameter_values.yaml": _yaml({"parameterValues": listed}),
        "asset_references.yaml": _yaml({"assetReferences": _references(job)}),
        "openjd_parameters.yaml": _yaml(values),
    }


def template(job: FarmJob) -> dict[str, Any]:
    """The job template. Its parameters are the paths, so that each host maps them, and the frames."""
    chunked = job.is_gapless and any(step.chunked for step in job.steps)
    made: dict[str, Any] = {"specificationVersion": VERSION}
    if chunked:
        made["extensions"] = ["TASK_CHUNKING"]
    made["name"] = job.name.replace("{{", "{ {")[:128]
    made["parameterDefinitions"] = [
        {"name": name, **definition} for name, (definition, _) in _parameters(job).items()
    ]
    if job.environment:
        variables = {name: _text(value) for name, value in job.environment.items()}
        made["jobEnvironments"] = [{"name": "Interneg", "variables": variables}]
    made["steps"] = [_step(job, step) for step in job.steps]
    return made


def _parameters(job: FarmJob) -> dict[str, tuple[dict[str, Any], object]]:
    """Each parameter's definition, and its value where it is not in the definition."""
    found: dict[str, tuple[dict[str, Any], object]] = {}
    if job.has_frames:
        found["Frames"] = ({"type": "STRING", "description": "All frames of the job."}, job.range)
    if any(step.chunked for step in job.steps) and job.is_gapless:
        chunk = {
            "type": "INT",
            "minValue": 1,
            "maxValue": MOST_IN_A_CHUNK,
            "description": "Frames of a task.",
        }
        found["ChunkSize"] = (chunk, job.chunk)
    for path in job.paths:
        kind = {"objectType": "FILE" if path.is_file else "DIRECTORY"}
        # Of a folder that is read, the files that are needed are in asset_references.json.
        flow = "OUT" if path.writes else "IN" if path.is_file else "NONE"
        found[path.name] = ({"type": "PATH", **kind, "dataFlow": flow}, str(path.path))
        if path.tail:
            found[f"{path.name}Name"] = ({"type": "STRING"}, path.tail)
    return found


def _step(job: FarmJob, step: FarmStep) -> dict[str, Any]:
    made: dict[str, Any] = {"name": step.name, "description": step.says}
    if step.after:
        made["dependencies"] = [{"dependsOn": name} for name in step.after]
    made["hostRequirements"] = _requirements(step.needs)
    if step.chunked:
        frames: dict[str, Any] = {"name": "Frames", "type": "STRING", "range": job.chunks}
        if job.is_gapless:
            chunks = {"defaultTaskCount": "{{Param.ChunkSize}}", "rangeConstraint": "CONTIGUOUS"}
            frames |= {"type": "CHUNK[INT]", "range": "{{Param.Frames}}", "chunks": chunks}
        elif len(job.chunks) > _MOST_CHUNKS:
            raise UsageError(
                f"{job.range} makes {len(job.chunks)} tasks, and a list of ranges may have {_MOST_CHUNKS}; "
                "raise --chunk"
            )
        made["parameterSpace"] = {"taskParameterDefinitions": [frames]}
    run = {
        "command": step.command.replace("{{", "{ {"),
        "args": step.words(_text),
        "cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": _NOTICE},
    }
    made["script"] = {"actions": {"onRun": run}}
    return made


def _text(piece: Piece) -> str:
    if isinstance(piece, FarmPath):
        folder = f"{{{{Param.{piece.name}}}}}"
        return f"{folder}/{{{{Param.{piece.name}Name}}}}" if piece.tail else folder
    if isinstance(piece, str):
        if "{{" in piece:
            raise UsageError(f"'{piece}' has '{{{{', which Open Job Description takes for a parameter")
        return piece
    return "{{Task.Param.Frames}}" if piece is Frames.TASK else "{{Param.Frames}}"


def _requirements(needs: Needs) -> dict[str, Any]:
    amounts: list[dict[str, Any]] = [
        {"name": "amount.worker.vcpu", "min": needs.cores},
        {"name": "amount.worker.memory", "min": -(-needs.memory // MIB)},
    ]
    if needs.gpus:
        amounts.append({"name": "amount.worker.gpu", "min": needs.gpus})
    if needs.gpu_memory is not None:
        amounts.append({"name": "amount.worker.gpu.memory", "min": -(-needs.gpu_memory // MIB)})
    if needs.tag is None:
        return {"amounts": amounts}
    return {"amounts": amounts, "attributes": [{"name": CLASS, "anyOf": [needs.tag]}]}


def _references(job: FarmJob) -> Mapping[str, Any]:
    written = [str(path.path) for path in job.paths if path.writes]
    return {
        "inputs": {"filenames": [str(path) for path in job.reads], "directories": []},
        "outputs": {"directories": written},
        "referencedPaths": [],
    }


def _yaml(value: object) -> bytes:
    made: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=math.inf)
    return made.encode()
