"""What can be built, and for which GPUs it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from interneg.engines import gpus
from interneg.engines.building.libraries import Library
from interneg.engines.building.orders import (
    check_target,
    models_without_int8,
    orders,
    target_note,
    target_of,
    targets_for,
)
from interneg.engines.building.profiles import PROFILES
from interneg.engines.gpus import Gpu
from interneg.engines.models import Model, load_catalogue
from interneg.errors import UsageError
from tests.engines.building.conftest import FULL, PROXY, RTX, Write


def test_orders_are_all_combinations_but_int8_without_weights(write: Write) -> None:
    write("with", int8=True)
    found = load_catalogue([write("without")])
    models = [found["with"], found["without"]]
    profiles = [PROXY, PROFILES["hd"]]
    found_orders = list(orders(models, ["fp16", "int8"], profiles, RTX, ["portable", "sm89"]))
    assert len(found_orders) == len({o.key.stem for o in found_orders}) == 8 + 4
    assert models_without_int8(models, ["fp16", "int8"]) == ["without"]
    assert models_without_int8(models, ["fp16"]) == []


def test_version_compatible_engines_are_tensorrts(user: Callable[..., Model]) -> None:
    model = user()
    with pytest.raises(UsageError, match="no version-compatible engines"):
        list(orders([model], ["fp16"], [PROXY], RTX, ["portable"], version_compatible=True))
    (order,) = orders([model], ["fp16"], [PROXY], FULL, ["sm89 L4"], version_compatible=True)
    assert order.key.options == "version-compatible" and "." not in order.key.version


@pytest.mark.parametrize(
    ("gpu", "target"),
    [
        (Gpu("L4", (8, 9)), "sm89"),
        (Gpu("H100", (9, 0)), "portable"),
        (Gpu("T4", (7, 5)), "sm75"),
    ],
)
def test_what_is_built_for_a_gpu_also_runs_there(gpu: Gpu, target: str) -> None:
    assert target_of(RTX, gpu) == target
    assert target in targets_for(RTX, gpu)
    assert bool(target_note(RTX, gpu)) == (target != gpu.target)
    assert target_of(FULL, gpu) == f"{gpu.target} {gpus.short(gpu.name)}"


@pytest.mark.parametrize("target", ["sm89", "SM89", "Portable"])
def test_targets_are_known_in_any_case(target: str) -> None:
    assert check_target(RTX, target) == target.casefold()


def test_a_gpu_too_old_has_no_target() -> None:
    with pytest.raises(UsageError, match="builds for no GPU like V100"):
        target_of(RTX, Gpu("V100", (7, 0)))


@pytest.mark.parametrize(
    ("library", "target", "says"),
    [
        (RTX, "sm90", r"does not list sm90 \(H100, H200, GH200, H20\): build 'portable'"),
        (RTX, "portabel", "did you mean 'portable'"),
        (RTX, "xyz", "there are current, portable, sm75"),
        (FULL, "sm89", "the target is 'current'"),
    ],
)
def test_a_target_that_there_is_not_is_refused(library: Library, target: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        check_target(library, target)
