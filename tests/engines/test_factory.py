"""Many builds at once, by real worker processes and TensorRT for RTX."""

from __future__ import annotations

import importlib.util
import os
import re
import signal
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import psutil
import pytest

from interneg.engines import factory, typed
from interneg.engines.building.libraries import LIBRARIES
from interneg.engines.building.orders import Order, orders
from interneg.engines.building.profiles import PROFILES
from interneg.engines.factory import produce
from interneg.engines.models import Model, Weights, load_catalogue
from interneg.engines.store import Figures, Made, Store
from interneg.errors import EngineError, OutputError

RTX = LIBRARIES["tensorrt-rtx"]
PROXY = PROFILES["proxy"]
needs_rtx = pytest.mark.skipif(
    importlib.util.find_spec("tensorrt_rtx") is None, reason="tensorrt_rtx is not installed"
)

Write = Callable[..., Path]


@pytest.fixture
def models(write: Write) -> dict[str, Model]:
    write("tiny", int8=True)
    write("tiny-x2", scale=2)
    folder = write("broken")
    found = dict(load_catalogue([folder]))
    (folder / "broken.onnx").write_bytes(b"something else")
    return found


def order(model: Model, precision: str = "fp32", target: str = "portable") -> Order:
    return Order(model, precision, PROXY, RTX, target)  # type: ignore[arg-type]


def children() -> list[psutil.Process]:
    own = [p for p in psutil.Process().children() if p.status() != psutil.STATUS_ZOMBIE]
    return [p for p in own if "spawn_main" in " ".join(p.cmdline())]


# All of the catalogue, as CI builds it

TARGETS = ("portable", "sm75", "sm80", "sm86", "sm89", "sm120")


@pytest.mark.slow
@needs_rtx
def test_all_models_precisions_and_targets_build(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything that a machine without a driver can see of an engine is looked at."""
    found = list(load_catalogue().values())
    wanted = list(orders(found, ["fp16", "int8"], [PROXY], RTX, TARGETS))
    store = Store([tmp_path])
    began = time.monotonic()
    outcomes = list(produce(wanted, store))
    with capsys.disabled():
        print(f"\n{len(outcomes)} engines built in {time.monotonic() - began:.1f} s wall time")
    assert [o.detail for o in outcomes if o.state != "built"] == []
    assert len(outcomes) == len(wanted) >= len(found) * len(TARGETS)
    for one in wanted:
        engine = store.engine(one.key)
        assert engine is not None and engine.manifest.key == one.key
        looked_at(store.read(engine), one)
    assert {e.state for e in store.entries(thorough=True)} == {"ok"}


def looked_at(blob: bytes, one: Order) -> None:
    """TensorRT's header, as far as it can be read off the files: magic, size and version; and the target."""
    magic, size, *version = struct.unpack_from("<4s12xQ4B", blob)
    assert magic == b"vtrt"
    assert size == len(blob)
    assert ".".join(map(str, version)) == RTX.version()
    target = {"portable": "sm80"}.get(one.target, one.target)
    assert f"accelerators={{{target} }}".encode() in blob
    weights = one.model.parameters * {"fp32": 4, "fp16": 2, "int8": 1}[one.precision]
    assert len(blob) > weights


# Outcomes


@needs_rtx
def test_a_model_that_fails_does_not_stop_the_others(models: dict[str, Model], store: Store) -> None:
    several = [order(models[n]) for n in ("broken", "tiny", "tiny-x2")]
    outcomes = {o.order.model.name: o for o in produce(several, store, jobs=1)}
    assert {n: o.state for n, o in outcomes.items()} == {
        "broken": "failed",
        "tiny": "built",
        "tiny-x2": "built",
    }
    assert outcomes["broken"].exit_code == 5 and "broken.onnx is not the file" in outcomes["broken"].detail
    assert outcomes["tiny"].folder == store.folders[0]
    assert not children()


@needs_rtx
def test_what_is_there_is_not_built_again_unless_forced(models: dict[str, Model], store: Store) -> None:
    def made(force: bool = False) -> tuple[str, Path]:
        (outcome,) = produce([order(models["tiny"])], store, force=force)
        (blob,) = store.folders[0].glob("*.engine")
        return outcome.state, blob

    first, second, third = made(), made(), made(force=True)
    assert [first[0], second[0], third[0]] == ["built", "there", "built"]
    assert first[1] == second[1] != third[1]


@needs_rtx
def test_a_read_only_store_that_has_all_is_no_failure(models: dict[str, Model], tmp_path: Path) -> None:
    list(produce([order(models["tiny"])], Store([tmp_path / "farm"])))
    both = Store([tmp_path / "farm", tmp_path / "file" / "below"])
    (tmp_path / "file").touch()
    (outcome,) = produce([order(models["tiny"])], both)
    assert (outcome.state, outcome.folder) == ("there", tmp_path / "farm")


@needs_rtx
def test_progress_reaches_the_number_of_orders(models: dict[str, Model], store: Store) -> None:
    told: list[float] = []
    list(produce([order(models["tiny"]), order(models["tiny-x2"])], store, report=told.append))
    assert told == sorted(told) and told[-1] == 2


# What goes wrong


@needs_rtx
@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")
def test_a_process_that_dies_fails_alone_and_is_named(models: dict[str, Model], store: Store) -> None:
    killed: list[int] = []

    def kill(done: float) -> None:
        if not killed:
            (child,) = children()
            killed.append(child.pid)
            child.kill()

    several = [order(models["tiny"]), order(models["tiny-x2"])]
    first, second = produce(several, store, jobs=1, report=kill)
    assert (first.order, first.state, first.exit_code) == (several[0], "failed", 5)
    assert "died by SIGKILL" in first.detail and "--jobs" in first.detail
    assert second.state == "built"
    assert not psutil.pid_exists(killed[0])


@needs_rtx
def test_ending_early_leaves_no_process_and_a_whole_store(models: dict[str, Model], store: Store) -> None:
    several = [order(models["tiny"], target=t) for t in TARGETS]
    outcomes = produce(several, store, jobs=2)
    assert next(outcomes).state == "built"
    assert children()
    began = time.monotonic()
    outcomes.close()
    assert time.monotonic() - began < 5
    assert not children()
    engines = [e for e in store.entries(thorough=True) if e.manifest is not None]
    assert engines and {e.state for e in engines} == {"ok"}


@needs_rtx
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_processes_get_no_ctrl_c(models: dict[str, Model], store: Store) -> None:
    """A terminal tells Ctrl-C to all of its processes, which would each print a traceback."""
    blocked: list[int] = []

    def look(done: float) -> None:
        for child in children():
            status = Path(f"/proc/{child.pid}/status").read_text()
            mask = next(line.split()[1] for line in status.splitlines() if line.startswith("SigBlk"))
            blocked.append(int(mask, 16) >> (signal.SIGINT - 1) & 1)

    list(produce([order(models["tiny"])], store, report=look))
    assert blocked and all(blocked)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


@needs_rtx
def test_a_store_that_cannot_be_written_stops_all(models: dict[str, Model], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="no folder for engines can be written"):
        list(produce([order(models["tiny"])], Store([tmp_path / "file" / "below"])))
    assert not children()


def test_whatever_a_build_raises_is_an_outcome(
    models: dict[str, Model], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error, code, says in (
        (EngineError("no"), 5, "no"),
        (MemoryError(), 33, "out of memory.*--jobs"),
        (ZeroDivisionError("odd"), 5, "unexpected ZeroDivisionError: odd"),
    ):

        def fail(*_: object, error: Exception = error, **__: object) -> tuple[bytes, Made]:
            raise error

        monkeypatch.setattr(factory, "proved", fail)
        outcome = factory._one(order(models["tiny"]), store, False, lambda share: None)
        assert (outcome.state, outcome.exit_code) == ("failed", code)
        assert re.search(says, outcome.detail)


# Qualification of what was built, by a stand-in for the GPU


class Prover:
    """In the runtime's place: the engine fails until layers are kept in fp32."""

    def __init__(self, library: object) -> None:
        pass

    def prove(self, one: Order, blob: bytes, store: Store) -> tuple[str, Figures] | None:
        if blob != b"with islands":
            raise EngineError("256 values are NaN or inf")
        return "reference", Figures(0.01, 0.01, 0.001, 60.0, 0)

    def gpu(self) -> object:
        return type("Gpu", (), {"driver": "575"})()


def stub_build(one: Order, report: object, islands: tuple[str, ...] = (), store: object = None) -> object:
    made = Made("0", "", "13", 1.0, "2026-01-01T00:00:00+00:00", tuple(islands))
    return (b"with islands" if islands else b"plain"), made


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(factory, "TensorRt", Prover)
    monkeypatch.setattr(factory, "build", stub_build)
    return monkeypatch


def test_an_engine_that_overflows_is_built_again_with_those_layers_in_fp32(
    gpu: pytest.MonkeyPatch, models: dict[str, Model], store: Store
) -> None:
    gpu.setattr(typed, "overflowing", lambda weights, planes: ["body.3", "body.4"])
    blob, made = factory.proved(order(models["tiny"], "fp16"), store, lambda share: None)
    assert blob == b"with islands" and made.islands == ("body.3", "body.4")
    assert (made.reference, made.driver) == ("reference", "575")
    sentence = factory.described(made)
    assert sentence == "60 dB, largest error 0.01; overflow in fp16, so kept in fp32: body.3, body.4"


def test_an_engine_that_fails_otherwise_is_refused(
    gpu: pytest.MonkeyPatch, models: dict[str, Model], store: Store
) -> None:
    gpu.setattr(typed, "overflowing", lambda weights, planes: [])
    for precision in ("fp16", "int8"):
        with pytest.raises(EngineError, match="256 values are NaN"):
            factory.proved(order(models["tiny"], precision), store, lambda share: None)


def test_where_the_search_for_overflow_fails_the_qualifications_failure_is_told_too(
    gpu: pytest.MonkeyPatch, models: dict[str, Model], store: Store
) -> None:
    def fails(weights: object, planes: object) -> list[str]:
        raise RuntimeError("no such\noperator")

    gpu.setattr(typed, "overflowing", fails)
    with pytest.raises(EngineError, match=r"256 values are NaN.*cannot be told: no such operator"):
        factory.proved(order(models["tiny"], "fp16"), store, lambda share: None)


def test_what_cannot_run_here_qualifies_on_first_use() -> None:
    made = Made("0", "", "13", 1.0, "2026-01-01T00:00:00+00:00", ("a", "b", "c", "d"))
    assert factory.described(made).startswith("qualifies on first use; ")
    assert factory.described(made).endswith("a, b, c and 1 more")


# How many at once


def test_workers_are_as_many_as_cores_and_memory_allow(
    models: dict[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    def free(gibibytes: float) -> None:
        found = type("Memory", (), {"available": gibibytes * 2**30})
        monkeypatch.setattr(psutil, "virtual_memory", lambda: found)

    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    many = [order(models["tiny"])] * 20
    free(64)
    assert factory.workers(many) == 8
    assert factory.workers(many[:3]) == 3
    free(8)
    assert factory.workers(many) == 3
    free(0.5)
    assert factory.workers(many) == 1
    free(64)
    assert factory.workers([*many, many[0]._replace(library=LIBRARIES["tensorrt"])]) == 1


def test_nothing_to_build_starts_no_process(store: Store) -> None:
    assert list(produce([], store)) == []


def test_orders_can_be_sent_to_a_process(models: dict[str, Model]) -> None:
    import pickle

    one = order(models["tiny"])
    assert pickle.loads(pickle.dumps(one)).key == one.key
    changed = {"fp32": Weights(one.model.weights["fp32"].file, "0" * 64)}
    other = one._replace(model=msgspec.structs.replace(one.model, weights=changed))
    assert other.key.stem != one.key.stem
