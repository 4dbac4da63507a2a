"""The suites of the strict host: what a plugin may call, in the order of the published structs."""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.plugin.ofx import ofx_spec as spec
from tests.plugin.ofx.ofx_calls import Function, text_of
from tests.plugin.ofx.ofx_effect_suite import effect_suite
from tests.plugin.ofx.ofx_instance import Instance
from tests.plugin.ofx.ofx_objects import DBL, INT, PTR, SIZE, STR, UINT, Violation
from tests.plugin.ofx.ofx_parameter_suite import parameter_suite
from tests.plugin.ofx.ofx_property_suite import property_suite
from tests.plugin.ofx.ofx_spec import BAD_HANDLE, FAILED

if TYPE_CHECKING:
    from tests.plugin.ofx.host import Host

Suites = dict[tuple[str, int], Sequence[Function]]


def suites(host: Host) -> Suites:
    """All suites by name and version, as functions and the types of their arguments."""
    message = _messages(host)
    return {
        ("OfxPropertySuite", 1): property_suite(host),
        ("OfxImageEffectSuite", 1): effect_suite(host),
        ("OfxParameterSuite", 1): parameter_suite(host),
        ("OfxMemorySuite", 1): _memory(host),
        ("OfxMultiThreadSuite", 1): _threads(host),
        ("OfxMessageSuite", 1): message[:1],
        ("OfxMessageSuite", 2): message,
        ("OfxProgressSuite", 1): _progress(host),
    }


def _memory(host: Host) -> Sequence[Function]:
    def memory_alloc(handle: int | None, size: int, out: int) -> None:
        block = ctypes.create_string_buffer(size)
        host.memory[ctypes.addressof(block)] = block
        PTR.from_address(out).value = ctypes.addressof(block)

    def memory_free(address: int) -> None:
        if host.memory.pop(address, None) is None:
            raise Violation(BAD_HANDLE, "memory freed twice")

    return [(memory_alloc, (PTR, SIZE, PTR)), (memory_free, (PTR,))]


def _threads(host: Host) -> Sequence[Function]:
    index = threading.local()

    def multi_thread(function: int, count: int, argument: int | None) -> None:
        call = ctypes.CFUNCTYPE(None, UINT, UINT, PTR)(function)
        number, action = count or 2, host.action

        def run(i: int) -> None:
            index.value = i
            with host.acting(action):
                call(i, number, argument)

        threads = [threading.Thread(target=run, args=(i,)) for i in range(number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def multi_thread_num_cpus(out: int) -> None:
        UINT.from_address(out).value = 2

    def multi_thread_index(out: int) -> None:
        UINT.from_address(out).value = getattr(index, "value", 0)

    def multi_thread_is_spawned_thread() -> int:
        return int(hasattr(index, "value"))

    def mutex_create(out: int, count: int) -> None:
        mutex = threading.RLock()
        for _ in range(count):
            mutex.acquire()
        host.mutexes[id(mutex)] = mutex
        PTR.from_address(out).value = id(mutex)

    def mutex(handle: int) -> Any:
        if handle not in host.mutexes:
            raise Violation(BAD_HANDLE, "a mutex that is gone")
        return host.mutexes[handle]

    def mutex_destroy(handle: int) -> None:
        mutex(handle)
        del host.mutexes[handle]

    def mutex_lock(handle: int) -> None:
        mutex(handle).acquire()

    def mutex_unlock(handle: int) -> None:
        mutex(handle).release()

    def mutex_try_lock(handle: int) -> int:
        return spec.OK if mutex(handle).acquire(blocking=False) else FAILED

    return [
        (multi_thread, (PTR, UINT, PTR)),
        (multi_thread_num_cpus, (PTR,)),
        (multi_thread_index, (PTR,)),
        (multi_thread_is_spawned_thread, ()),
        (mutex_create, (PTR, INT)),
        (mutex_destroy, (PTR,)),
        (mutex_lock, (PTR,)),
        (mutex_unlock, (PTR,)),
        (mutex_try_lock, (PTR,)),
    ]


def _messages(host: Host) -> Sequence[Function]:
    kinds = {f"OfxMessage{k}" for k in ("Fatal", "Error", "Warning", "Message", "Log")}

    def filled(kind: bytes, form: bytes | None, values: tuple[int | None, ...]) -> str:
        """The text of a printf format: %s, %d and %%, which is all that a plugin should need."""
        if text_of(kind) not in kinds:
            raise Violation(spec.VALUE, f"a message of type '{text_of(kind)}'")
        if host.profile.messages == "format":
            return (form or b"").decode()
        left = list(values) if host.profile.messages == "printf" else [0] * 8

        def value(match: re.Match[str]) -> str:
            if match[0] == "%%":
                return "%"
            given = left.pop(0)
            if match[0] == "%s":
                return ctypes.string_at(given).decode() if given else ""
            if match[0] in ("%d", "%i"):
                return str(INT((given or 0) & 0xFFFFFFFF).value)
            raise Violation(spec.VALUE, f"a message with the format {form!r}")

        return re.sub(r"%.", value, (form or b"").decode())

    def message(handle: int | None, kind: bytes, name: bytes, form: bytes, *values: int) -> None:
        text = filled(kind, form, values)
        if handle:
            host.find(handle, Instance).messages.append(text)
        else:
            host.log.append(text)

    def set_persistent_message(handle: int, kind: bytes, name: bytes, form: bytes, *values: int) -> None:
        host.find(handle, Instance).message = filled(kind, form, values)

    def clear_persistent_message(handle: int) -> None:
        host.find(handle, Instance).message = None

    more = (PTR, STR, STR, STR, PTR, PTR, PTR, PTR)
    return [(message, more), (set_persistent_message, more), (clear_persistent_message, (PTR,))]


def _progress(host: Host) -> Sequence[Function]:
    def progress_start(handle: int, label: bytes) -> None:
        host.find(handle, Instance)
        host.progress = [label.decode()]

    def progress_update(handle: int, done: float) -> int:
        host.find(handle, Instance)
        if not 0 <= done <= 1:
            raise Violation(spec.VALUE, f"progress {done}")
        if not host.progress or host.progress[-1] == "end":
            raise Violation(spec.VALUE, "progress that was not started")
        host.progress.append(done)
        return spec.REPLY_NO if done >= host.cancels_at else spec.OK

    def progress_end(handle: int) -> None:
        host.find(handle, Instance)
        host.progress.append("end")

    return [(progress_start, (PTR, STR)), (progress_update, (PTR, DBL)), (progress_end, (PTR,))]
