"""Many builds at once, each worker in a process of its own, into the store."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import psutil

from interneg.engines import qualify, typed
from interneg.engines.building.making import build
from interneg.engines.building.orders import Order
from interneg.engines.manifest import Made
from interneg.engines.runtimes.tensorrt.runtime import TensorRt
from interneg.engines.store import Store
from interneg.errors import EngineError, HostMemoryError, InternegError, OutputError
from interneg.processor import cores

BUILD_BYTES = 2 * 2**30
"""Host memory that one build is counted with; standard 2x in fp16 was measured to take 1.8 GiB."""

_TICK = 0.2
_PATIENCE = 5.0


class BuildOutcome(NamedTuple):
    """What came of an order.

    detail: how it qualified, or why it failed. exit_code: 0, or the failure's. folder: where the engine is.
    """

    order: Order
    state: Literal["built", "there", "failed"]
    detail: str
    seconds: float = 0.0
    size: int = 0
    exit_code: int = 0
    folder: Path | None = None


def workers(orders: Sequence[Order]) -> int:
    """How many builds to run at once: one a core as far as memory goes, and one a GPU that times kernels."""
    if any(not order.library.targets for order in orders):
        return 1
    return max(1, min(cores(), len(orders), int(psutil.virtual_memory().available * 0.8 / BUILD_BYTES)))


def produce(
    orders: Sequence[Order],
    store: Store,
    jobs: int | None = None,
    force: bool = False,
    report: Callable[[float], None] = lambda done: None,
) -> Generator[BuildOutcome, None, None]:
    """Build what the store has not yet; outcomes as they come. report: told the engines done, with fractions.

    A build that fails, or takes its process down, fails alone. Raises OutputError where the store cannot be
    written. Close the iterator to end it early: its processes are then gone, and the store is whole.
    """
    if not orders:
        return
    context = multiprocessing.get_context("spawn")  # a fork would inherit a GPU's context, of no use to it
    waiting = deque(enumerate(orders))
    done = [0.0] * len(orders)
    team: list[_Worker] = []
    try:
        while waiting or any(worker.at is not None for worker in team):
            team = [worker for worker in team if worker.at is not None or worker.process.is_alive()]
            for worker in team:
                if worker.at is None and waiting:
                    worker.take(*waiting.popleft())
            while waiting and len(team) < min(jobs or workers(orders), len(orders)):
                team.append(_Worker(context, store, force))
                team[-1].take(*waiting.popleft())
            ready = wait([worker.connection for worker in team], _TICK)
            for worker in [w for w in team if w.connection in ready]:
                number, message = worker.at, worker.receive()
                if number is None:  # it died with nothing to do
                    continue
                if isinstance(message, float):
                    done[number] = max(done[number], message)
                    continue
                if isinstance(message, InternegError):
                    raise message
                done[number], worker.at = 1.0, None
                yield message or BuildOutcome(orders[number], "failed", worker.exit_reason(), exit_code=5)
            report(sum(done))
    finally:
        for worker in team:
            worker.end()


class _Worker:
    """A process that builds one order after the other. at: the number of the one that it is at."""

    def __init__(self, context: SpawnContext, store: Store, force: bool) -> None:
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, store, force), daemon=True)
        self.at: int | None = None
        with _without_interrupts():
            self.process.start()
        theirs.close()

    def take(self, number: int, order: Order) -> None:
        """Give it an order."""
        self.at = number
        with suppress(OSError):  # it died, which `receive` finds out
            self.connection.send(order)

    def receive(self) -> float | BuildOutcome | InternegError | None:
        """The share done, or what came of the order, or what stops all; None where the process died."""
        try:
            message: float | BuildOutcome | InternegError = self.connection.recv()
        except (EOFError, OSError):
            self.process.join(_PATIENCE)
            self.process.kill()
            return None
        return message

    def exit_reason(self) -> str:
        """How the process died."""
        code = self.process.exitcode or 0
        how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        return f"the process that built it died {how}; where memory was short, give fewer --jobs"

    def end(self) -> None:
        """End the process, whatever it is at: what it publishes is whole, or not there."""
        self.connection.close()  # at rest it ends by itself
        if self.at is not None:
            self.process.terminate()
        self.process.join(_PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Processes started meanwhile get no Ctrl-C, which a terminal sends to all: their parent ends them."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # It starts with the first process, and would let interrupts through again before that one is there.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection, store: Store, force: bool) -> None:
    """In a process of its own: orders, until the parent closes the connection or is gone."""
    with suppress(EOFError, OSError):
        while True:
            order = connection.recv()
            try:
                result: BuildOutcome | OutputError = _one(order, store, force, connection.send)
            except OutputError as error:
                result = error
            connection.send(result)


def _one(order: Order, store: Store, force: bool, report: Callable[[float], None]) -> BuildOutcome:
    """One order. Raises OutputError."""
    made: list[Made] = []

    def make() -> tuple[bytes, Made]:
        blob, facts = proved(order, store, report)
        made.append(facts)
        return blob, facts

    try:
        found = store.build(order.key, make, force=force)
    except OutputError:
        raise
    except InternegError as error:
        return BuildOutcome(order, "failed", str(error), exit_code=error.exit_code)
    except MemoryError:
        detail = "out of memory; use a machine with more, or fewer --jobs"
        return BuildOutcome(order, "failed", detail, exit_code=HostMemoryError.exit_code)
    except Exception as error:  # noqa: BLE001  one build fails alone, by whatever a library or a user's model raises
        return BuildOutcome(order, "failed", f"unexpected {type(error).__name__}: {error}", exit_code=5)
    facts = found.manifest.made
    state: Literal["built", "there"] = "built" if made else "there"
    return BuildOutcome(
        order, state, described(facts), facts.seconds, found.manifest.size, folder=found.path.parent
    )


def described(made: Made) -> str:
    """How an engine qualified, in a few words."""
    islands = ""
    if made.islands:
        names = [name or "(no name)" for name in dict.fromkeys(made.islands)]
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        islands = f"; overflow in fp16, so kept in fp32: {', '.join(names[:3])}{more}"
    if made.figures is None:
        return f"qualifies on first use{islands}"
    return f"{made.figures.psnr:.0f} dB, largest error {made.figures.maximum:.2g}{islands}"


def proved(order: Order, store: Store, report: Callable[[float], None]) -> tuple[bytes, Made]:
    """An engine, built, and qualified where it can run here.

    Where its numbers overflow, it is built again with the layers that do in fp32. Raises EngineError.
    """
    runtime = TensorRt(order.library)
    blob, made = build(order, report, store=store)
    try:
        proof = runtime.prove(order, blob, store)
    except EngineError as failure:
        # Layers that were found to overflow are in fp32 already, except in a graph of the catalogue's own.
        try:
            islands = () if made.islands else _overflow(order)
        except Exception as error:
            # onnx and OpenVINO have no exception of their own in common.
            reason = " ".join(str(error).split())
            raise EngineError(f"{failure}; whether it overflows in fp16 cannot be told: {reason}") from error
        if not islands:
            raise
        blob, made = build(order, report, islands, store)
        proof = runtime.prove(order, blob, store)
    if proof is not None:
        reference, figures = proof
        made = msgspec.structs.replace(
            made, reference=reference, figures=figures, driver=runtime.gpu().driver or "unknown"
        )
    return blob, made


def _overflow(order: Order) -> Sequence[str]:
    if order.precision != "fp16":
        return ()
    return typed.overflowing(order.model.read("fp32"), qualify.golden_of(order.model))
