"""The suites of the strict host: what a plugin may call, in the order of the published structs."""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tests.plugin.ofx import ofx_spec as spec
from tests.plugin.ofx.ofx_images import Image
from tests.plugin.ofx.ofx_instance import Instance
from tests.plugin.ofx.ofx_objects import (
    DBL,
    INT,
    PTR,
    SIZE,
    STR,
    UINT,
    Action,
    Clip,
    Parameter,
    ParameterSet,
    Properties,
    Refused,
    Violation,
)
from tests.plugin.ofx.ofx_plugin import Descriptor
from tests.plugin.ofx.ofx_spec import BAD_HANDLE, FAILED, RENDER

if TYPE_CHECKING:
    from tests.plugin.ofx.host import Host

Function = tuple[Callable[..., Any], tuple[Any, ...]]
Suites = dict[tuple[str, int], Sequence[Function]]

_CHANGING = {"OfxActionInstanceChanged", "OfxActionBeginInstanceChanged", "OfxActionEndInstanceChanged"}
_FETCHING = {RENDER, *_CHANGING}
_DESCRIBING = {spec.ACTION + "DescribeInContext"}


def suites(host: Host) -> Suites:
    """All suites by name and version, as functions and the types of their arguments."""
    message = _messages(host)
    return {
        ("OfxPropertySuite", 1): _properties(host),
        ("OfxImageEffectSuite", 1): _effects(host),
        ("OfxParameterSuite", 1): _parameters(host),
        ("OfxMemorySuite", 1): _memory(host),
        ("OfxMultiThreadSuite", 1): _threads(host),
        ("OfxMessageSuite", 1): message[:1],
        ("OfxMessageSuite", 2): message,
        ("OfxProgressSuite", 1): _progress(host),
    }


def _text(value: bytes | None) -> str:
    if value is None:
        raise Violation(spec.VALUE, "a name is NULL")
    return value.decode("ascii")


def _properties(host: Host) -> Sequence[Function]:
    kinds = {"Pointer": (object, PTR), "String": (str, STR), "Double": (float, DBL), "Int": (int, INT)}
    functions: list[Function] = []

    def setter(kind: type) -> Callable[..., Any]:
        def prop_set(handle: int, name: bytes, index: int, value: Any) -> None:
            value = value.decode() if isinstance(value, bytes) else value
            host.find(handle, Properties).set(_text(name), kind, index, value)

        return prop_set

    def setter_of_many(kind: type, c_type: Any) -> Callable[..., Any]:
        def prop_set_n(handle: int, name: bytes, count: int, values: int) -> None:
            properties, word = host.find(handle, Properties), _text(name)
            properties.require_count(word, count)
            for i, value in enumerate((c_type * count).from_address(values)):
                properties.set(word, kind, i, value.decode() if isinstance(value, bytes) else value)

        return prop_set_n

    def getter(kind: type, c_type: Any) -> Callable[..., Any]:
        kept = PTR if c_type is STR else c_type

        def prop_get(handle: int, name: bytes, index: int, out: int) -> None:
            value = host.find(handle, Properties).read(_text(name), kind, index)
            kept.from_address(out).value = value

        return prop_get

    def getter_of_many(kind: type, c_type: Any) -> Callable[..., Any]:
        kept = PTR if c_type is STR else c_type

        def prop_get_n(handle: int, name: bytes, count: int, out: int) -> None:
            properties, word = host.find(handle, Properties), _text(name)
            values = [properties.read(word, kind, i) for i in range(count)]
            (kept * count).from_address(out)[:] = values

        return prop_get_n

    for kind, c_type in kinds.values():
        functions.append((setter(kind), (PTR, STR, INT, c_type)))
    for kind, c_type in kinds.values():
        functions.append((setter_of_many(kind, c_type), (PTR, STR, INT, PTR)))
    for kind, c_type in kinds.values():
        functions.append((getter(kind, c_type), (PTR, STR, INT, PTR)))
    for kind, c_type in kinds.values():
        functions.append((getter_of_many(kind, c_type), (PTR, STR, INT, PTR)))

    def prop_reset(handle: int, name: bytes) -> None:
        host.find(handle, Properties).reset(_text(name))

    def prop_get_dimension(handle: int, name: bytes, out: int) -> None:
        INT.from_address(out).value = host.find(handle, Properties).dimension(_text(name))

    return [*functions, (prop_reset, (PTR, STR)), (prop_get_dimension, (PTR, STR, PTR))]


def _effects(host: Host) -> Sequence[Function]:
    def effect(handle: int) -> Instance | Descriptor:
        try:
            return host.find(handle, Instance)
        except Violation:
            return host.find(handle, Descriptor)

    def get_property_set(handle: int, out: int) -> None:
        PTR.from_address(out).value = effect(handle).properties.handle

    def get_param_set(handle: int, out: int) -> None:
        PTR.from_address(out).value = effect(handle).parameter_set.handle

    def clip_define(handle: int, name: bytes, out: int | None) -> None:
        described, word = host.find(handle, Descriptor), _text(name)
        _require(host, _DESCRIBING, "clipDefine")
        if word in described.clips:
            raise Violation(spec.FAILED, f"clip '{word}' is defined twice")
        values = {"OfxPropType": "OfxTypeClip", "OfxPropName": word}
        writable = set(spec.CLIP) - {"OfxPropType", "OfxPropName"}
        described.clips[word] = Properties(host, f"clip '{word}'", spec.CLIP, values, writable)
        if out:
            PTR.from_address(out).value = described.clips[word].handle

    def clip_get_handle(handle: int, name: bytes, out: int, properties: int | None) -> None:
        instance, word = host.find(handle, Instance), _text(name)
        if word not in instance.clips:
            raise Violation(BAD_HANDLE, f"there is no clip '{word}'")
        PTR.from_address(out).value = instance.clips[word].handle
        if properties:
            PTR.from_address(properties).value = instance.clips[word].properties.handle

    def clip_get_property_set(handle: int, out: int) -> None:
        PTR.from_address(out).value = host.find(handle, Clip).properties.handle

    def clip_get_image(handle: int, time: float, region: int | None, out: int) -> None:
        clip, action = host.find(handle, Clip), _require(host, _FETCHING, "clipGetImage")
        if clip.instance is not action.instance:
            raise Violation(FAILED, f"clip '{clip.name}' belongs to another instance")
        image = _output(clip, action, time) if clip.name == "Output" else _input(host, clip, action, time)
        if image is None:
            PTR.from_address(out).value = None
            if host.profile.missing == "null":
                return
            raise Refused(FAILED)
        if clip.name != "Output":
            action.reading.append(image)
        properties = Properties(
            host, f"image of clip '{clip.name}'", spec.IMAGE,
            {
                "OfxPropType": "OfxTypeImage",
                "OfxImageEffectPropPixelDepth": spec.DEPTHS[image.depth],
                "OfxImageEffectPropComponents": spec.COMPONENTS[image.components],
                "OfxImageEffectPropPreMultiplication": clip.instance.source.premultiplied,
                "OfxImageEffectPropRenderScale": [action.scale, action.scale],
                "OfxImagePropPixelAspectRatio": clip.instance.aspect,
                "OfxImagePropData": image.data if image.bounds.width else None,
                "OfxImagePropBounds": list(image.bounds),
                "OfxImagePropRegionOfDefinition": list(
                    action.region if clip.name == "Output" else image.bounds
                ),
                "OfxImagePropRowBytes": image.row_bytes,
                "OfxImagePropField": "OfxFieldNone",
                "OfxImagePropUniqueIdentifier": f"{clip.name} {time} {action.scale}",
            },
        )  # fmt: skip
        action.images[properties.handle] = image
        PTR.from_address(out).value = properties.handle

    def clip_release_image(handle: int) -> None:
        properties = host.find(handle, Properties)
        if handle not in host.action.images:
            raise Violation(BAD_HANDLE, f"{properties.what} is no image of this action")
        del host.action.images[handle]
        host.forget(properties)

    def clip_get_region_of_definition(handle: int, time: float, out: int) -> None:
        clip = host.find(handle, Clip)
        _ = host.action
        (DBL * 4).from_address(out)[:] = list(clip.definition(time))

    def abort(handle: int) -> int:
        instance = host.find(handle, Instance)
        instance.polls += 1
        if not 0 < instance.abort_at <= instance.polls:
            return 0
        host.action.aborted = True
        return 1

    def image_memory_alloc(handle: int | None, size: int, out: int) -> None:
        block = ctypes.create_string_buffer(size)
        address = ctypes.addressof(block)
        host.memory[address] = block
        PTR.from_address(out).value = address

    def image_memory_free(handle: int) -> None:
        if host.memory.pop(handle, None) is None:
            raise Violation(BAD_HANDLE, "image memory freed twice")

    def image_memory_lock(handle: int, out: int) -> None:
        if handle not in host.memory:
            raise Violation(BAD_HANDLE, "image memory that is gone was locked")
        PTR.from_address(out).value = handle

    def image_memory_unlock(handle: int) -> None:
        if handle not in host.memory:
            raise Violation(BAD_HANDLE, "image memory that is gone was unlocked")

    return [
        (get_property_set, (PTR, PTR)),
        (get_param_set, (PTR, PTR)),
        (clip_define, (PTR, STR, PTR)),
        (clip_get_handle, (PTR, STR, PTR, PTR)),
        (clip_get_property_set, (PTR, PTR)),
        (clip_get_image, (PTR, DBL, PTR, PTR)),
        (clip_release_image, (PTR,)),
        (clip_get_region_of_definition, (PTR, DBL, PTR)),
        (abort, (PTR,)),
        (image_memory_alloc, (PTR, SIZE, PTR)),
        (image_memory_free, (PTR,)),
        (image_memory_lock, (PTR, PTR)),
        (image_memory_unlock, (PTR,)),
    ]


def _output(clip: Clip, action: Action, time: float) -> Image:
    if action.output is None or time != action.time:
        raise Violation(FAILED, f"the output of time {time} was fetched in {action.name} at {action.time}")
    return action.output


def _input(host: Host, clip: Clip, action: Action, time: float) -> Image | None:
    if action.name == RENDER and not any(a <= time <= b for a, b in action.frames[clip.name]):
        raise Violation(
            FAILED, f"clip '{clip.name}' at {time}: frames needed were {action.frames[clip.name]}"
        )
    if (
        action.name == RENDER
        and not clip.properties.get("OfxImageEffectPropTemporalClipAccess")
        and time != action.time
    ):
        raise Violation(FAILED, f"clip '{clip.name}' has no temporal access, and was fetched at {time}")
    if not host.profile.temporal and time != action.time:
        raise Violation(FAILED, f"the host has no temporal access, clip '{clip.name}' was fetched at {time}")
    action.fetched.setdefault(clip.name, []).append(time)
    return clip.image(action.time if host.profile.ignores_time else time, action.scale)


def _require(host: Host, names: set[str], what: str) -> Action:
    action = host.action
    if action.name not in names:
        raise Violation(FAILED, f"{what} has no place in {action.name}")
    return action


def _parameters(host: Host) -> Sequence[Function]:
    def param_define(handle: int, kind: bytes, name: bytes, out: int | None) -> None:
        described, word, of = host.find(handle, ParameterSet).descriptor, _text(name), _text(kind)
        _require(host, _DESCRIBING, "paramDefine")
        if described is None:
            raise Violation(BAD_HANDLE, "a parameter is defined on an instance")
        if of not in spec.PARAMETER:
            raise Violation(FAILED, f"parameter '{word}' is of type {of}")
        refused = ("StrChoice", *host.profile.refuses)  # no host of API 1.4 has the first
        if of.removeprefix("OfxParamType") in refused:
            raise Refused(spec.UNSUPPORTED)
        if word in described.parameters or not re.fullmatch(r"[A-Za-z_]\w*", word):
            raise Violation(spec.FAILED, f"parameter '{word}' is defined twice, or is no identifier")
        values = {"OfxPropType": "OfxTypeParameter", "OfxPropName": word, "OfxParamPropType": of}
        writable = (
            set(spec.PARAMETER[of]) - set(values) - {"OfxParamPropIsAnimating", "OfxParamPropIsAutoKeying"}
        )
        what = f"parameter '{word}'"
        described.parameters[word] = Properties(host, what, spec.PARAMETER[of], values, writable)
        if out:
            PTR.from_address(out).value = described.parameters[word].handle

    def param_get_handle(handle: int, name: bytes, out: int, properties: int | None) -> None:
        found, word = host.find(handle, ParameterSet).parameters, _text(name)
        if word not in found and host.profile.refuses:
            raise Refused(spec.UNKNOWN)
        if word not in found:
            raise Violation(spec.UNKNOWN, f"there is no parameter '{word}'")
        PTR.from_address(out).value = found[word].handle
        if properties:
            PTR.from_address(properties).value = found[word].properties.handle

    def param_set_get_property_set(handle: int, out: int) -> None:
        PTR.from_address(out).value = host.find(handle, ParameterSet).properties.handle

    def param_get_property_set(handle: int, out: int) -> None:
        PTR.from_address(out).value = host.find(handle, Parameter).properties.handle

    def param_get_value(handle: int, out: int) -> None:
        parameter, action = host.find(handle, Parameter), host.action
        if action.name in spec.TIMED:
            raise Violation(FAILED, f"'{parameter.name}' was read without a time in {action.name}")
        parameter.write(parameter.at(action.time), out)

    def param_get_value_at_time(handle: int, time: float, out: int) -> None:
        parameter = host.find(handle, Parameter)
        _ = host.action
        parameter.write(parameter.at(time), out)

    def changed(parameter: Parameter, time: float) -> None:
        parameter.instance.changed("OfxTypeParameter", parameter.name, "OfxChangePluginEdited", time)

    def param_set_value(handle: int, integer: int | None, number: float) -> None:
        parameter, action = host.find(handle, Parameter), _require(host, _CHANGING, "paramSetValue")
        value = parameter.checked(integer, number)
        if parameter.keys:
            parameter.keys[action.time] = value
        else:
            parameter.value = value
        changed(parameter, action.time)

    def param_set_value_at_time(handle: int, time: float, integer: int | None, number: float) -> None:
        parameter = host.find(handle, Parameter)
        _require(host, _CHANGING, "paramSetValueAtTime")
        parameter.keys[time] = parameter.checked(integer, number)
        changed(parameter, time)

    def param_get_num_keys(handle: int, out: int) -> None:
        UINT.from_address(out).value = len(host.find(handle, Parameter).keys)

    def param_get_key_time(handle: int, index: int, out: int) -> None:
        times = sorted(host.find(handle, Parameter).keys)
        if index >= len(times):
            raise Violation(spec.BAD_INDEX, f"key {index} of {len(times)}")
        DBL.from_address(out).value = times[index]

    def param_delete_all_keys(handle: int) -> None:
        parameter = host.find(handle, Parameter)
        _require(host, _CHANGING, "paramDeleteAllKeys")
        parameter.keys.clear()

    def param_edit_begin(handle: int, name: bytes) -> None:
        host.find(handle, ParameterSet)
        _require(host, _CHANGING, "paramEditBegin")

    def param_edit_end(handle: int) -> None:
        host.find(handle, ParameterSet)
        _require(host, _CHANGING, "paramEditEnd")

    def unused(*_: Any) -> None:
        raise Violation(spec.UNSUPPORTED, "a function of the parameter suite that nothing needs")

    return [
        (param_define, (PTR, STR, STR, PTR)),
        (param_get_handle, (PTR, STR, PTR, PTR)),
        (param_set_get_property_set, (PTR, PTR)),
        (param_get_property_set, (PTR, PTR)),
        (param_get_value, (PTR, PTR)),
        (param_get_value_at_time, (PTR, DBL, PTR)),
        (unused, (PTR, DBL, PTR)),  # paramGetDerivative
        (unused, (PTR, DBL, DBL, PTR)),  # paramGetIntegral
        (param_set_value, (PTR, PTR, DBL)),
        (param_set_value_at_time, (PTR, DBL, PTR, DBL)),
        (param_get_num_keys, (PTR, PTR)),
        (param_get_key_time, (PTR, UINT, PTR)),
        (unused, (PTR, DBL, INT, PTR)),  # paramGetKeyIndex
        (unused, (PTR, DBL)),  # paramDeleteKey
        (param_delete_all_keys, (PTR,)),
        (unused, (PTR, PTR, DBL, PTR)),  # paramCopy
        (param_edit_begin, (PTR, STR)),
        (param_edit_end, (PTR,)),
    ]


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
        if _text(kind) not in kinds:
            raise Violation(spec.VALUE, f"a message of type '{_text(kind)}'")
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
