"""What a training runs on, and where it is kept until it is finished."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import torch

from interneg.engines.runtimes import RUNTIMES
from interneg.engines.training.run import save_whole
from interneg.errors import InputError, UsageError

Device: TypeAlias = torch.device
"""A processor or a GPU, as torch names it."""


def device_of(asked: str, threads: int | None) -> Device:
    """The device of "auto", "cpu" or "cuda". threads: of the processor, None for all.

    Raises UsageError for a GPU that torch does not find.
    """
    if asked == "cuda" and not torch.cuda.is_available():
        raise UsageError("--device cuda: torch finds no GPU here; leave it out to train on the processor")
    if threads is not None:
        torch.set_num_threads(threads)
    return torch.device("cuda" if asked != "cpu" and torch.cuda.is_available() else "cpu")


def takes_bf16(device: Device) -> bool:
    """Whether bf16 is faster there: on GPUs, and on processors that compute in it."""
    return device.type == "cuda" or not RUNTIMES["openvino"].precisions()["bf16"]


def save(path: Path, mark: str, state: Mapping[str, Any]) -> None:
    """Keep the state of a training, whole or not at all. Raises OutputError where it cannot be written."""
    save_whole({"mark": mark, "state": dict(state)}, path)


def load(path: Path, mark: str) -> dict[str, Any] | None:
    """The state of a training that was stopped; None where there is none.

    mark: what tells a training from others. Raises InputError for a file that cannot be read, UsageError for
    that of another training.
    """
    if not path.exists():
        return None
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        found: str = saved["mark"]
        state: dict[str, Any] = saved["state"]
    except Exception as error:
        raise InputError(f"{path} cannot be read ({error}): begin anew with --restart") from error
    if found != mark:
        raise UsageError(
            f"a training of that name, with other plates or settings, is not finished ({path}): begin anew "
            "with --restart, or give this one another --name"
        )
    return state
