"""The fleet file: what it may say, what comes of it, and what is said of a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from interneg.engines import fleet, gpus
from interneg.engines.building.libraries import LIBRARIES
from interneg.engines.building.orders import target_of, targets_for
from interneg.engines.gpus import Gpu
from interneg.engines.models import Model, load_catalogue
from interneg.errors import UsageError

Planned = Callable[[str], fleet.BuildPlan]
EXAMPLE = Path(__file__).parents[2] / "examples" / "fleet.toml"


@pytest.fixture
def catalogue(write: Callable[..., Path]) -> dict[str, Model]:
    write("tiny", int8=True)
    folder = write("tiny-x2", scale=2)
    return {n: m for n, m in load_catalogue([folder]).items() if n.startswith("tiny")}


@pytest.fixture
def planned(tmp_path: Path, catalogue: dict[str, Model]) -> Planned:
    def make(text: str) -> fleet.BuildPlan:
        path = tmp_path / "fleet.toml"
        path.write_text(text)
        return fleet.plan(fleet.read(path), catalogue)

    return make


def one(gpus: str, *more: str) -> str:
    return "\n".join(('[[class]]\nname = "a"', f"gpus = {gpus}", *more))


def keys(plan: fleet.BuildPlan) -> set[tuple[str, str, str, str]]:
    return {(k.model, k.precision, k.profile, k.target) for line in plan.engines for k in (line.order.key,)}


def test_the_example_is_valid_and_wants_engines() -> None:
    plan = fleet.plan(fleet.read(EXAMPLE), load_catalogue())
    assert {line.order.target for line in plan.engines} >= {"sm86", "sm89", "sm75", "sm120"}
    assert not any(line.note for line in plan.engines)


def test_the_example_names_what_is_so_by_default() -> None:
    given, default = fleet.read(EXAMPLE), fleet.Fleet()
    for word in ("runtime", "models", "precisions", "profiles"):
        assert getattr(given, word) == getattr(default, word)


def test_files_that_say_library_are_read_as_before(planned: Planned) -> None:
    text = (
        'models = ["tiny"]\n{0} = "tensorrt"\n'
        + one('["L4"]', '{0} = "tensorrt-rtx"')
        + "\n"
        + one('["A10"]')
    )
    assert planned(text.format("library")) == planned(text.format("runtime"))
    with pytest.raises(UsageError, match="unknown field `library`"):
        planned('runtime = "tensorrt"\nlibrary = "tensorrt"\n' + one('["L4"]'))


def test_a_class_has_its_own_words_or_the_facilitys(planned: Planned) -> None:
    plan = planned(
        'models = ["tiny"]\nprecisions = ["fp16"]\nprofiles = ["proxy"]\n'
        + one('["L4"]')
        + '\n[[class]]\nname = "b"\ngpus = ["RTX 3090"]\nprecisions = ["int8"]\nprofiles = ["hd", "uhd"]\n'
    )
    assert keys(plan) == {
        ("tiny", "fp16", "proxy", "sm89"),
        ("tiny", "int8", "hd", "sm86"),
        ("tiny", "int8", "uhd", "sm86"),
    }


def test_an_engine_that_several_want_is_planned_once_for_all_of_them(planned: Planned) -> None:
    plan = planned(
        'models = ["tiny"]\nprecisions = ["fp16"]\n'
        + one('["RTX 4090", "NVIDIA L4", "RTX 4090"]')
        + '\n[[class]]\nname = "farm"\ngpus = ["L40S"]\n'
    )
    assert [line.users for line in plan.engines] == ["a: RTX 4090, NVIDIA L4; farm: L40S"]


def test_gpus_that_the_library_does_not_list_get_portable_engines_and_a_note(planned: Planned) -> None:
    plan = planned(one('["H100", "NVIDIA H200"]', 'precisions = ["fp16"]', 'models = ["tiny"]'))
    (line,) = plan.engines
    assert line.order.target == "portable"
    assert "does not list sm90; portable engines are tried" in line.note
    assert not line.elsewhere


def test_models_without_int8_weights_are_named(planned: Planned) -> None:
    plan = planned(one('["L4"]', 'precisions = ["int8"]'))
    assert keys(plan) == {("tiny", "int8", "hd", "sm89")}
    assert plan.lacking == ["tiny-x2"]


def test_tensorrt_builds_for_the_gpu_here_by_its_full_name_and_for_others_elsewhere(
    planned: Planned,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = [Gpu("NVIDIA L4", (8, 9)), Gpu("NVIDIA A10", (8, 6))]
    monkeypatch.setattr(gpus, "here", lambda: both)  # TensorRT builds for the first
    here, other = planned(
        one('["L4", "A10"]', 'runtime = "tensorrt"', 'models = ["tiny"]', 'precisions = ["fp16"]')
    ).engines
    assert (here.order.target, here.elsewhere) == ("sm89 L4", False)
    assert (other.order.target, other.elsewhere) == ("sm86 A10", True)
    assert "run this there" in other.note


@pytest.mark.parametrize("name", ["L4", "NVIDIA L4", "nvidia l4"])
def test_a_plan_made_elsewhere_finds_what_was_built_on_the_card(planned: Planned, name: str) -> None:
    (line,) = planned(
        one(f'["{name}"]', 'runtime = "tensorrt"', 'models = ["tiny"]', 'precisions = ["fp16"]')
    ).engines
    card = Gpu("NVIDIA L4", (8, 9))
    assert line.order.target == target_of(LIBRARIES["tensorrt"], card)
    assert (line.order.target,) == targets_for(LIBRARIES["tensorrt"], card)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", r"no \[\[class\]\]"),
        ('models = ["tiny"]', r"no \[\[class\]\]"),
        ("class = 3", "Expected `array`"),
        ("[[class]", "no fleet file"),
        ('[[class]]\nname = "a"', "missing required field `gpus`"),
        (one("[]"), "class 'a': it names no gpus"),
        (one('["RTX 4900"]'), "class 'a': there is no GPU 'RTX 4900' .*did you mean .*'RTX 4090'"),
        (one('["L4"]', 'models = ["tinny"]'), "no model 'tinny' .*'tiny'"),
        (one('["L4"]', "models = []"), "no model is named"),
        (one('["L4"]', 'precisions = ["fp61"]'), "no engine precision 'fp61' .*'fp16'"),
        (one('["L4"]', 'precisions = ["bf16"]'), "no engine precision 'bf16'"),
        (one('["L4"]', 'profiles = ["4k"]'), "no profile '4k'"),
        (one('["L4"]', "profiles = []"), "no profile is named"),
        (one('["L4"]', 'runtime = "tensort"'), "no runtime 'tensort' .*'tensorrt'"),
        (one('["L4"]', 'profile = ["hd"]'), "unknown field `profile`.*did you mean 'profiles'"),
        ('precision = ["fp16"]\n' + one('["L4"]'), "unknown field `precision`.*did you mean 'precisions'"),
        ('[[clas]]\nname = "a"\ngpus = ["L4"]', "unknown field `clas`.*did you mean 'class'"),
        (one('"L4"'), "Expected `array`, got `str`"),
    ],
)
def test_a_wrong_file_is_refused_with_the_reason(text: str, says: str, planned: Planned) -> None:
    with pytest.raises(UsageError, match=says):
        planned(text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.toml cannot be read: No such file"):
        fleet.read(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'runtime = "\xff"')
    with pytest.raises(UsageError, match="is no fleet file"):
        fleet.read(tmp_path / "latin.toml")
