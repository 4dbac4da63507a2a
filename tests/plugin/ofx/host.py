"""A strict OpenFX host: it loads a bundle as Nuke or Resolve would, and notes what breaks the specification.

The suites are C callbacks made by ctypes; their variable arguments are read as x86-64 passes them. Whatever
the plugin does wrong becomes a sentence in `Host.violations`; leaving the `with` block raises them all.
"""

from __future__ import annotations

import _ctypes
import ctypes
import itertools
import math
import threading
import time as clock
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import ofx_spec as spec
from ofx_images import NOTHING, PACKED, Image, Layout, Picture, Rect
from ofx_spec import ACTION, BAD_HANDLE, BAD_INDEX, FAILED, OK, RENDER, UNKNOWN, Property

PTR, STR, INT, DBL, UINT, SIZE = (
    ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_double, ctypes.c_uint, ctypes.c_size_t,
)  # fmt: skip

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Profile:
    """How a host behaves.

    missing: what it answers for a frame that is not there, "failed" or a "null" image. unconnected: whether a
    clip without input is "absent", or reported as connected and "empty". whole_output: whether the output
    image is as large as the region of definition, or just the render window. ignores_time: it gives the
    current frame whatever frame is asked for. probes: it renders at half size first. instance_per_frame: it
    makes an instance for each frame.
    """

    name: str = "org.interneg.TestHost"
    api: tuple[int, int] = (1, 4)
    contexts: tuple[str, ...] = ("Filter", "General")
    components: tuple[str, ...] = ("RGBA", "RGB", "A")
    depths: tuple[str, ...] = ("float", "half", "short", "byte")
    multi_resolution: bool = True
    tiles: bool = True
    message_v2: bool = True
    colour_management: bool = False
    missing: str = "failed"
    unconnected: str = "absent"
    whole_output: bool = True
    ignores_time: bool = False
    probes: bool = False
    instance_per_frame: bool = False
    layout: Layout = PACKED


NUKE_LIKE = Profile("uk.co.thefoundry.nuke", depths=("float",), contexts=("General", "Filter"))
RESOLVE_LIKE = Profile(
    "DaVinciResolve",
    components=("RGBA",),
    depths=("byte", "short", "float"),
    multi_resolution=False,
    tiles=False,
    unconnected="empty",
    missing="null",
    whole_output=False,
    instance_per_frame=True,
)
OLD_HOST = Profile("com.example.Old", api=(1, 0), depths=("short", "byte", "float"), message_v2=False)


class Violation(Exception):
    """What a plugin did wrong, and the status it is answered with."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Refused(Exception):
    """A status that is no plugin's fault: the host is too old, a frame is not there."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class RenderFailed(Exception):
    """A render that ended with another status than OK; `message` is what the plugin shows then."""

    def __init__(self, status: int, message: str | None) -> None:
        super().__init__(f"render ended with status {status}, message {message!r}")
        self.status, self.message = status, message


class RenderAborted(Exception):
    """A render that the host called off: whatever the plugin answers, nothing of it counts."""


@dataclass
class Action:
    """An action under way on one thread; frames: the times of each clip that render may fetch."""

    name: str
    instance: Instance | None = None
    time: float = 0.0
    scale: float = 1.0
    window: Rect = NOTHING
    output: Image | None = None
    frames: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    fetched: dict[str, list[float]] = field(default_factory=dict)
    images: dict[int, Image] = field(default_factory=dict)
    reading: list[Image] = field(default_factory=list)
    aborted: bool = False


class Properties:
    """The properties of one object; `writable` by the plugin, None for all."""

    def __init__(
        self,
        host: Host,
        what: str,
        table: Mapping[str, Property],
        values: Mapping[str, Any],
        writable: set[str] | frozenset[str] | None = frozenset(),
    ) -> None:
        self._host, self.what, self._table, self._writable = host, what, table, writable
        self.values = {n: list(v) if isinstance(v, list | tuple) else [v] for n, v in values.items()}
        self.set_by_plugin: set[str] = set()
        self._strings: list[ctypes.Array[ctypes.c_char]] = []
        self.handle = host.register(self)
        assert set(self.values) <= set(table), f"{what}: {set(self.values) - set(table)}"

    def __getitem__(self, name: str) -> Any:
        values = self.values[name]
        return values[0] if self._table[name].dimension == 1 else values

    def get(self, name: str, default: Any = None) -> Any:
        return self[name] if name in self.values else default

    def _property(self, name: str, kind: type | None) -> Property:
        if self._host.too_old_for(name):
            raise Refused(UNKNOWN)
        declared = self._table.get(name)
        if declared is None:
            if any(name in table for table in spec.EVERY):
                raise Violation(UNKNOWN, f"{self.what} has no {name}")
            raise Violation(UNKNOWN, f"there is no property '{name}' (asked of {self.what})")
        if kind is not None and declared.type is not kind:
            raise Violation(spec.VALUE, f"{name} of {self.what} is of type {declared.type.__name__}")
        return declared

    def set(self, name: str, kind: type, index: int, value: Any) -> None:
        declared = self._property(name, kind)
        if self._writable is not None and name not in self._writable:
            raise Violation(FAILED, f"{name} of {self.what} is not the plugin's to set")
        values = self.values.setdefault(name, [])
        if not 0 <= index < (declared.dimension or len(values) + 1):
            raise Violation(BAD_INDEX, f"index {index} of {name} of {self.what}")
        if kind is float and not math.isfinite(value):
            raise Violation(spec.VALUE, f"{name} of {self.what} set to {value}")
        if kind is str and name in spec.WORDS and value not in spec.WORDS[name]:
            raise Violation(spec.VALUE, f"{name} of {self.what} set to '{value}'")
        if kind is str and value is None:
            raise Violation(spec.VALUE, f"{name} of {self.what} set to NULL")
        values.extend([None] * (index + 1 - len(values)))
        values[index] = value
        self.set_by_plugin.add(name)

    def read(self, name: str, kind: type, index: int) -> Any:
        self._property(name, kind)
        values = self.values.get(name)
        if values is None:
            raise Refused(UNKNOWN)
        if not 0 <= index < len(values):
            raise Violation(BAD_INDEX, f"index {index} of {name} of {self.what}, which has {len(values)}")
        value = values[index]
        if kind is str:
            self._strings.append(ctypes.create_string_buffer(value.encode()))
            return ctypes.addressof(self._strings[-1])
        return value

    def dimension(self, name: str) -> int:
        self._property(name, None)
        if name not in self.values:
            raise Refused(UNKNOWN)
        return len(self.values[name])

    def require_count(self, name: str, count: int) -> None:
        """Check a count of values that are set at once."""
        declared = self._property(name, None)
        if count < 1 or declared.dimension not in (0, count):
            raise Violation(BAD_INDEX, f"{count} values for {name} of {self.what}")

    def reset(self, name: str) -> None:
        self._property(name, None)
        self.values.pop(name, None)


class Parameter:
    """A parameter of an instance: its value, or the values of its keys."""

    def __init__(self, host: Host, instance: Instance, name: str, declared: Properties) -> None:
        self.name, self.instance = name, instance
        self.type: str = declared["OfxParamPropType"]
        later = spec.PARAMETER_LATER
        self.properties = Properties(
            host, f"parameter '{name}'", spec.PARAMETER[self.type],
            {**declared.values, "OfxPropType": "OfxTypeParameterInstance"}, later,
        )  # fmt: skip
        self.value = declared.get("OfxParamPropDefault")
        if self.value is None:
            self.value = {"OfxParamTypeString": "", "OfxParamTypeStrChoice": ""}.get(self.type, 0)
        self.keys: dict[float, Any] = {}
        self._strings: dict[str, ctypes.Array[ctypes.c_char]] = {}
        self.handle = host.register(self)

    def at(self, time: float) -> Any:
        """The value at a time: linear between keys where it is a float, else that of the last key."""
        if not self.keys:
            return self.value
        times = sorted(self.keys)
        before = max((t for t in times if t <= time), default=times[0])
        after = min((t for t in times if t >= time), default=times[-1])
        a, b = self.keys[before], self.keys[after]
        if before == after or self.type != "OfxParamTypeDouble":
            return a
        return a + (b - a) * (time - before) / (after - before)

    def write(self, value: Any, address: int) -> None:
        """Write a value where paramGetValue wants it."""
        if self.type == "OfxParamTypeDouble":
            ctypes.c_double.from_address(address).value = value
        elif self.type in ("OfxParamTypeString", "OfxParamTypeStrChoice"):
            text = self._strings.setdefault(value, ctypes.create_string_buffer(value.encode()))
            ctypes.c_void_p.from_address(address).value = ctypes.addressof(text)
        elif self.type in ("OfxParamTypeInteger", "OfxParamTypeBoolean", "OfxParamTypeChoice"):
            ctypes.c_int.from_address(address).value = value
        else:
            raise Violation(BAD_HANDLE, f"parameter '{self.name}' has no value")

    def checked(self, integer: int | None, number: float) -> Any:
        """The value that paramSetValue passed. Raises Violation where it is beyond the limits."""
        if self.type == "OfxParamTypeDouble":
            value: Any = number
        elif self.type in ("OfxParamTypeString", "OfxParamTypeStrChoice"):
            if not integer:
                raise Violation(spec.VALUE, f"parameter '{self.name}' set to NULL")
            return ctypes.string_at(integer).decode()
        else:
            value = ctypes.c_int((integer or 0) & 0xFFFFFFFF).value
        low = self.properties.get("OfxParamPropMin", -math.inf)
        high = self.properties.get("OfxParamPropMax", math.inf)
        if self.type == "OfxParamTypeBoolean":
            low, high = 0, 1
        if self.type == "OfxParamTypeChoice":
            low, high = 0, len(self.properties["OfxParamPropChoiceOption"]) - 1
        if not low <= value <= high:
            raise Violation(spec.VALUE, f"parameter '{self.name}' set to {value}, beyond {low} to {high}")
        return value

    @property
    def enabled(self) -> bool:
        return bool(self.properties.get("OfxParamPropEnabled", 1))


@dataclass
class Plate:
    """What is connected to a clip.

    frames: pictures by time, or a function from time to picture; None is a frame that the host cannot give.
    """

    frames: Mapping[float, Picture] | Callable[[float], Picture | None]
    range: tuple[float, float] = (0, 0)
    premultiplied: str = "OfxImageAlphaPremultiplied"
    colour_space: str | None = None

    @classmethod
    def of(cls, frames: Mapping[int, Picture], **facts: Any) -> Plate:
        return cls({float(t): p for t, p in frames.items()}, (min(frames), max(frames)), **facts)

    @property
    def picture(self) -> Picture:
        found = self.at(self.range[0])
        if found is None:
            found = next(iter(self.frames.values()))  # type: ignore[union-attr]
        return found

    def at(self, time: float) -> Picture | None:
        return self.frames(time) if callable(self.frames) else self.frames.get(time)


class Clip:
    """A clip of an instance."""

    def __init__(
        self, host: Host, instance: Instance, name: str, declared: Properties, plate: Plate | None, depth: str
    ) -> None:
        self._host, self.instance, self.name, self.plate, self.depth = host, instance, name, plate, depth
        shown = plate or instance.source
        self.components = shown.picture.components if plate or name == "Output" else "RGBA"
        connected = plate is not None or name == "Output" or host.profile.unconnected == "empty"
        facts = {
            **declared.values,
            "OfxPropType": "OfxTypeClip",
            "OfxImageEffectPropPixelDepth": spec.DEPTHS[depth],
            "OfxImageEffectPropComponents": spec.COMPONENTS[self.components],
            "OfxImageClipPropUnmappedPixelDepth": spec.DEPTHS[depth],
            "OfxImageClipPropUnmappedComponents": spec.COMPONENTS[self.components],
            "OfxImageEffectPropPreMultiplication": shown.premultiplied,
            "OfxImagePropPixelAspectRatio": instance.aspect,
            "OfxImageEffectPropFrameRate": 24.0,
            "OfxImageEffectPropFrameRange": [float(v) for v in shown.range],
            "OfxImageClipPropFieldOrder": "OfxFieldNone",
            "OfxImageClipPropConnected": int(connected),
            "OfxImageEffectPropUnmappedFrameRange": [float(v) for v in shown.range],
            "OfxImageEffectPropUnmappedFrameRate": 24.0,
            "OfxImageClipPropContinuousSamples": 0,
        }
        if not connected:
            facts |= {
                "OfxImageEffectPropPixelDepth": "OfxBitDepthNone",
                "OfxImageEffectPropComponents": "OfxImageComponentNone",
            }
        if shown.colour_space is not None:
            facts["OfxImageClipPropColourspace"] = shown.colour_space
        self.properties = Properties(host, f"clip '{name}'", spec.CLIP_INSTANCE, facts)
        self.handle = host.register(self)
        self._images: dict[tuple[float, float], Image] = {}

    def definition(self, time: float) -> tuple[float, float, float, float]:
        """The region of definition, in canonical coordinates."""
        if not self._host.profile.multi_resolution:
            return (0, 0, self.instance.size[0] * self.instance.aspect, self.instance.size[1])
        shown = self.plate and (self.plate.at(time) or self.plate.picture)
        if shown is None:
            return (0, 0, 0, 0)
        x1, y1, x2, y2 = shown.bounds
        return (x1 * self.instance.aspect, y1, x2 * self.instance.aspect, y2)

    def image(self, time: float, scale: float) -> Image | None:
        """The image of a frame, made once."""
        if self.plate is None:
            return self._empty() if self._host.profile.unconnected == "empty" else None
        if (time, scale) not in self._images:
            picture = self.plate.at(time)
            if picture is None:
                return None
            if scale != 1:
                picture = picture.halved()
            self._images[time, scale] = Image.of(picture, self.depth, self._host.profile.layout)
        return self._images[time, scale]

    def _empty(self) -> Image:
        return Image.of(Picture(np.empty((0, 0, 4), np.float32)), self.depth, PACKED)


class Instance:
    """An instance of an effect in one context."""

    def __init__(
        self,
        host: Host,
        plugin: Plugin,
        context: str,
        plates: Mapping[str, Plate],
        *,
        depth: str,
        size: tuple[int, int],
        aspect: float = 1.0,
    ) -> None:
        descriptor = plugin.in_context(context)
        self._host, self.plugin, self.size, self.aspect = host, plugin, size, aspect
        self.plates, self.depth, self.context = dict(plates), depth, context
        self.source = plates["Source"]
        self.message: str | None = None
        self.messages: list[str] = []
        self.abort_at = 0
        self.polls = 0
        self.fetched: dict[str, list[float]] = {}
        self.declared: dict[str, list[tuple[float, float]]] = {}
        self.seconds = 0.0
        self.handle = host.register(self)
        self.memory: set[int] = set()
        colour = {"OfxImageEffectPropColourManagementStyle": "OfxImageEffectColourManagementCore"}
        self.properties = Properties(
            host, f"instance of {plugin.identifier}", spec.INSTANCE,
            {
                "OfxPropType": "OfxTypeImageEffectInstance",
                "OfxPropLabel": "instance",
                "OfxPropIsInteractive": 0,
                "OfxPropInstanceData": None,
                "OfxImageEffectPropContext": "OfxImageEffectContext" + context,
                "OfxImageEffectPropProjectSize": [size[0] * aspect, float(size[1])],
                "OfxImageEffectPropProjectOffset": [0.0, 0.0],
                "OfxImageEffectPropProjectExtent": [size[0] * aspect, float(size[1])],
                "OfxImageEffectPropPixelAspectRatio": aspect,
                "OfxImageEffectInstancePropEffectDuration": self.source.range[1] - self.source.range[0] + 1.0,
                "OfxImageEffectInstancePropSequentialRender": 0,
                "OfxImageEffectPropSupportsTiles": plugin.descriptor["OfxImageEffectPropSupportsTiles"],
                "OfxImageEffectPropFrameRate": 24.0,
                "OfxImageEffectPropPluginHandle": plugin.descriptor.handle,
                **(colour if host.profile.colour_management else {}),
            },
            {"OfxPropInstanceData", "OfxImageEffectInstancePropSequentialRender"},
        )  # fmt: skip
        self.parameters = {n: Parameter(host, self, n, p) for n, p in descriptor.parameters.items()}
        self.parameter_set = ParameterSet(host, self.parameters, None)
        self.clips = {
            n: Clip(host, self, n, p, self.plates.get(n), depth) for n, p in descriptor.clips.items()
        }
        host.expect(self._act("OfxActionCreateInstance"), "OfxActionCreateInstance", OK, spec.REPLY_DEFAULT)
        self._clip_preferences()

    def destroy(self) -> None:
        host = self._host
        host.expect(self._act("OfxActionDestroyInstance"), "OfxActionDestroyInstance", OK, spec.REPLY_DEFAULT)
        if self.memory:
            host.violations.append(f"{len(self.memory)} blocks of image memory outlive their instance")
        for thing in (self, self.properties, self.parameter_set, self.parameter_set.properties):
            host.forget(thing)
        for one in (*self.parameters.values(), *self.clips.values()):
            host.forget(one)
            host.forget(one.properties)

    def value(self, name: str, time: float = 0.0) -> Any:
        """The value of a parameter, a choice as its option's text."""
        parameter = self.parameters[name]
        found = parameter.at(time)
        if parameter.type == "OfxParamTypeChoice":
            return parameter.properties["OfxParamPropChoiceOption"][found]
        return found

    def set(self, name: str, value: Any, *, key: float | None = None) -> None:
        """Set a parameter as a user does; a choice by its option's text."""
        parameter = self.parameters[name]
        if parameter.type == "OfxParamTypeChoice":
            value = parameter.properties["OfxParamPropChoiceOption"].index(value)
        if key is None:
            parameter.value = value
        else:
            if not parameter.properties.get("OfxParamPropAnimates", 1):
                raise AssertionError(f"{name} does not animate")
            parameter.keys[key] = value
        self.changed("OfxTypeParameter", name, "OfxChangeUserEdited")

    def press(self, name: str, time: float) -> bool:
        """Press a push button; whether what it stands for could be done."""
        assert self.parameters[name].type == "OfxParamTypePushButton"
        return self.changed("OfxTypeParameter", name, "OfxChangeUserEdited", time, FAILED) != FAILED

    def changed(self, kind: str, name: str, reason: str, time: float | None = None, *tolerated: int) -> int:
        """Tell the plugin that a parameter or a clip has changed; returns its status."""
        why = {"OfxPropChangeReason": reason}
        self._act("OfxActionBeginInstanceChanged", why)
        time = self.source.range[0] if time is None else time
        facts = {"OfxPropType": kind, "OfxPropName": name, "OfxPropTime": float(time), **why}
        facts["OfxImageEffectPropRenderScale"] = [1.0, 1.0]
        status = self._act("OfxActionInstanceChanged", facts, time=time)
        self._host.expect(status, "OfxActionInstanceChanged", OK, spec.REPLY_DEFAULT, *tolerated)
        self._act("OfxActionEndInstanceChanged", why)
        return status

    def identity(
        self, time: float, scale: float = 1.0, window: Rect | None = None
    ) -> tuple[str, float] | None:
        """The clip and time that the plugin passes through, if it does."""
        answer = self._answer("IsIdentity", {"OfxPropName": "", "OfxPropTime": float(time)})
        facts = self._moment(time, scale) | self._area(window or Rect(0, 0, *self.size))
        status = self._act(ACTION + "IsIdentity", facts, answer, time=time)
        self._host.expect(status, "IsIdentity", OK, spec.REPLY_DEFAULT)
        self._host.forget(answer)
        return (answer["OfxPropName"], answer["OfxPropTime"]) if status == OK else None

    def definition(self, time: float, scale: float = 1.0) -> tuple[float, float, float, float]:
        """The region of definition of the output, in canonical coordinates."""
        regions = [self.clips[n].definition(time) for n in self.clips if n in self.plates]
        union = [
            f(values) for f, values in zip((min, min, max, max), zip(*regions, strict=True), strict=True)
        ]
        answer = self._answer("GetRegionOfDefinition", {"OfxImageEffectPropRegionOfDefinition": union})
        status = self._act(
            ACTION + "GetRegionOfDefinition", self._moment(time, scale), answer, time=time, scale=scale
        )
        self._host.expect(status, "GetRegionOfDefinition", OK, spec.REPLY_DEFAULT)
        self._host.forget(answer)
        x1, y1, x2, y2 = answer["OfxImageEffectPropRegionOfDefinition"]
        return (x1, y1, x2, y2)

    def regions(self, time: float, region: Sequence[float], scale: float = 1.0) -> dict[str, list[float]]:
        """The region of interest of each clip for a region of the output, in canonical coordinates."""
        inputs = [n for n in self.clips if n != "Output"]
        answer = self._answer(
            "GetRegionsOfInterest", {f"OfxImageClipPropRoI_{n}": list(region) for n in inputs}
        )
        facts = {**self._moment(time, scale), "OfxImageEffectPropRegionOfInterest": list(region)}
        status = self._act(ACTION + "GetRegionsOfInterest", facts, answer, time=time)
        self._host.expect(status, "GetRegionsOfInterest", OK, spec.REPLY_DEFAULT)
        self._host.forget(answer)
        return {n: answer[f"OfxImageClipPropRoI_{n}"] for n in inputs}

    def frames_needed(self, time: float) -> dict[str, list[tuple[float, float]]]:
        """The ranges of times of each clip that a render fetches."""
        inputs = [n for n in self.clips if n != "Output"]
        values = {f"OfxImageClipPropFrameRange_{n}": [float(time), float(time)] for n in inputs}
        answer = self._answer("GetFramesNeeded", values)
        status = self._act(ACTION + "GetFramesNeeded", {"OfxPropTime": float(time)}, answer, time=time)
        self._host.expect(status, "GetFramesNeeded", OK, spec.REPLY_DEFAULT)
        self._host.forget(answer)
        found = {}
        for name in inputs:
            times = answer[f"OfxImageClipPropFrameRange_{name}"]
            pairs = list(zip(times[::2], times[1::2], strict=True))
            if not pairs or any(a > b for a, b in pairs):
                self._host.violations.append(f"frames needed of clip '{name}' at {time}: {times}")
            found[name] = pairs
        return found

    def render(
        self,
        time: float,
        *,
        scale: float = 1.0,
        window: Rect | None = None,
        sequence: bool = True,
        asks: bool = True,
    ) -> Picture:
        """Ask and render as hosts do, and return what was rendered.

        sequence: whether the frame is begun and ended as a sequence of one. asks: whether the plugin is asked
        if it passes the picture through.
        Raises RenderFailed where the plugin answers with anything but OK, and RenderAborted.
        """
        host = self._host
        bounds = self.bounds(time, scale)
        window = window or bounds
        assert window.within(bounds)
        if asks and (found := self.identity(time, scale, window)):
            image = self.clips[found[0]].image(found[1], scale)
            assert image is not None
            return image.picture(image.bounds)
        self.regions(time, [v / scale for v in window], scale)
        declared = self.declared = self.frames_needed(time)
        span = {
            "OfxImageEffectPropFrameRange": [float(time), float(time)],
            "OfxImageEffectPropFrameStep": 1.0,
        }
        around = {**span, "OfxPropIsInteractive": 0, **self._moment(time, scale), **self._status()}
        del around["OfxPropTime"]
        if sequence:
            self._act(ACTION + "BeginSequenceRender", around)
        output = Image.unwritten(
            bounds if host.profile.whole_output else window,
            self.clips["Output"].components, self.depth, host.profile.layout,
        )  # fmt: skip
        facts = self._moment(time, scale) | self._area(window) | self._status()
        action = Action(RENDER, self, time, scale, window, output, frames=declared)
        began = clock.perf_counter()
        status = self._act(RENDER, facts, action=action)
        self.seconds = clock.perf_counter() - began
        self.fetched = action.fetched
        if sequence:
            self._act(ACTION + "EndSequenceRender", around)
        if action.aborted:
            host.expect(status, "an aborted render", OK, FAILED)
            raise RenderAborted
        if status != OK:
            raise RenderFailed(status, self.message)
        host.violations.extend(output.faults_of_output(window))
        return output.picture(window)

    def bounds(self, time: float, scale: float = 1.0) -> Rect:
        """The region of definition of the output in pixels."""
        x1, y1, x2, y2 = self.definition(time, scale)
        x1, x2 = x1 * scale / self.aspect, x2 * scale / self.aspect
        return Rect(math.floor(x1), math.floor(y1 * scale), math.ceil(x2), math.ceil(y2 * scale))

    def _clip_preferences(self) -> None:
        values: dict[str, Any] = {
            "OfxImageEffectPropFrameRate": 24.0,
            "OfxImageEffectPropPreMultiplication": self.source.premultiplied,
            "OfxImageClipPropFieldOrder": "OfxFieldNone",
            "OfxImageClipPropContinuousSamples": 0,
            "OfxImageEffectFrameVarying": 0,
        }
        for name, clip in self.clips.items():
            values[f"OfxImageClipPropComponents_{name}"] = spec.COMPONENTS[clip.components]
            values[f"OfxImageClipPropDepth_{name}"] = spec.DEPTHS[clip.depth]
            values[f"OfxImageClipPropPAR_{name}"] = self.aspect
        answer = self._answer("GetClipPreferences", values)
        status = self._act(ACTION + "GetClipPreferences", None, answer)
        self._host.expect(status, "GetClipPreferences", OK, spec.REPLY_DEFAULT)
        self._host.forget(answer)
        for name, clip in self.clips.items():
            kept = answer[f"OfxImageClipPropComponents_{name}"], answer[f"OfxImageClipPropDepth_{name}"]
            if name in self.plates or name == "Output":
                asked = spec.COMPONENTS[clip.components], spec.DEPTHS[clip.depth]
                if kept != asked:
                    self._host.violations.append(f"clip '{name}' is {asked}, the plugin wants {kept}")
        self.premultiplication = answer["OfxImageEffectPropPreMultiplication"]
        self.frame_varying = answer["OfxImageEffectFrameVarying"]

    def _answer(self, action: str, values: Mapping[str, Any]) -> Properties:
        name = ACTION + action
        table = dict(spec.OUT[name])
        for prefix, declared in spec.OUT_CLIP.get(name, {}).items():
            table |= {prefix + n: declared for n in self.clips}
        known = {n: v for n, v in values.items() if not self._host.too_old_for(n)}
        return Properties(self._host, f"answer to {action}", table, known, None)

    def _act(
        self,
        name: str,
        facts: Mapping[str, Any] | None = None,
        answer: Properties | None = None,
        *,
        action: Action | None = None,
        **moment: Any,
    ) -> int:
        return self._host.act(
            self.plugin, name, self.handle, facts, answer, action or Action(name, self, **moment)
        )

    @staticmethod
    def _moment(time: float, scale: float) -> dict[str, Any]:
        return {"OfxPropTime": float(time), "OfxImageEffectPropRenderScale": [scale, scale]}

    @staticmethod
    def _area(window: Rect) -> dict[str, Any]:
        return {
            "OfxImageEffectPropRenderWindow": list(window),
            "OfxImageEffectPropFieldToRender": "OfxFieldNone",
        }

    @staticmethod
    def _status() -> dict[str, int]:
        return {
            "OfxImageEffectPropSequentialRenderStatus": 0,
            "OfxImageEffectPropInteractiveRenderStatus": 0,
            "OfxImageEffectPropRenderQualityDraft": 0,
        }


class ParameterSet:
    """The parameters of an instance, or of a descriptor that takes definitions."""

    def __init__(self, host: Host, parameters: dict[str, Parameter], descriptor: Descriptor | None) -> None:
        self.parameters, self.descriptor = parameters, descriptor
        values = {"OfxPropParamSetNeedsSyncing": 0}
        writable = {"OfxPluginPropParamPageOrder", "OfxPropParamSetNeedsSyncing"}
        self.properties = Properties(host, "parameter set", spec.PARAMETER_SET, values, writable)
        self.handle = host.register(self)


class Descriptor:
    """An effect as it describes itself, with what it defines in one context."""

    def __init__(self, host: Host, plugin: Plugin, context: str | None) -> None:
        self.plugin, self.context = plugin, context
        values = {"OfxPropType": "OfxTypeImageEffect", "OfxPluginPropFilePath": str(host.bundle)}
        if plugin.descriptor is not None:
            values = plugin.descriptor.values
        writable = set(spec.EFFECT) - {"OfxPropType", "OfxPluginPropFilePath"}
        self.properties = Properties(host, plugin.identifier, spec.EFFECT, values, writable)
        self.clips: dict[str, Properties] = {}
        self.parameters: dict[str, Properties] = {}
        self.parameter_set = ParameterSet(host, {}, self)
        self.handle = host.register(self)


class Plugin:
    """One plugin of a bundle."""

    def __init__(self, host: Host, address: int) -> None:
        self._host = host
        self._struct = _PluginStruct.from_address(address)
        self.identifier = self._struct.identifier.decode()
        self.version = (self._struct.major, self._struct.minor)
        if self._struct.api != b"OfxImageEffectPluginAPI" or self._struct.api_version != 1:
            host.violations.append(
                f"{self.identifier} is of API {self._struct.api} {self._struct.api_version}"
            )
        self.entry = self._struct.entry
        self.descriptor: Properties = None  # type: ignore[assignment]
        self._contexts: dict[str, Descriptor] = {}

    def load(self) -> None:
        self._struct.set_host(ctypes.addressof(self._host.struct))
        status = self._host.act(self, "OfxActionLoad", None, None, None, Action("OfxActionLoad"))
        self._host.expect(status, "OfxActionLoad", OK, spec.REPLY_DEFAULT)

    def unload(self) -> None:
        status = self._host.act(self, "OfxActionUnload", None, None, None, Action("OfxActionUnload"))
        self._host.expect(status, "OfxActionUnload", OK, spec.REPLY_DEFAULT)

    def describe(self) -> Properties:
        """Describe, once."""
        if self.descriptor is None:
            described = Descriptor(self._host, self, None)
            action = Action("OfxActionDescribe")
            status = self._host.act(self, "OfxActionDescribe", described.handle, None, None, action)
            self._host.expect(status, "OfxActionDescribe", OK)
            self.descriptor = described.properties
            self._check_effect()
        return self.descriptor

    def in_context(self, context: str) -> Descriptor:
        """Describe in one of the contexts that the plugin supports, once."""
        self.describe()
        if context not in self._contexts:
            described = Descriptor(self._host, self, context)
            name = ACTION + "DescribeInContext"
            facts = {"OfxImageEffectPropContext": "OfxImageEffectContext" + context}
            status = self._host.act(self, name, described.handle, facts, None, Action(name))
            self._host.expect(status, name, OK)
            self._contexts[context] = described
            self._check_context(described)
        return self._contexts[context]

    @property
    def contexts(self) -> list[str]:
        told = self.describe()["OfxImageEffectPropSupportedContexts"]
        return [c.removeprefix("OfxImageEffectContext") for c in told]

    def _check_effect(self) -> None:
        needed = ("OfxPropLabel", *(f"OfxImageEffect{n}" for n in spec.NEEDED_OF_EFFECTS))
        for name in needed:
            if not self.descriptor.get(name) and self.descriptor.get(name) != 0:
                self._host.violations.append(f"{self.identifier} does not set {name}")

    def _check_context(self, described: Descriptor) -> None:
        def wrong(sentence: str) -> None:
            self._host.violations.append(f"{self.identifier}, {described.context}: {sentence}")

        for clip in {"Output", "Source"} - set(described.clips):
            wrong(f"there is no clip '{clip}'")
        for name, clip in described.clips.items():
            if not clip.get("OfxImageEffectPropSupportedComponents"):
                wrong(f"clip '{name}' supports no components")
        for name, parameter in described.parameters.items():
            for sentence in _faults_of_parameter(parameter, described.parameters):
                wrong(f"parameter '{name}' {sentence}")


def _faults_of_parameter(p: Properties, every: Mapping[str, Properties]) -> Iterator[str]:
    kind = p["OfxParamPropType"].removeprefix("OfxParamType")
    if not p.get("OfxPropLabel"):
        yield "has no label"
    if kind not in ("Group", "Page") and not p.get("OfxParamPropHint"):
        yield "has no hint"
    parent = p.get("OfxParamPropParent")
    if parent and (parent not in every or every[parent]["OfxParamPropType"] != "OfxParamTypeGroup"):
        yield f"has '{parent}' for a parent"
    if kind == "Page":
        lost = (
            set(p.get("OfxParamPropPageChild", []))
            - set(every)
            - {"OfxParamPageSkipRow", "OfxParamPageSkipColumn"}
        )
        if lost or not p.get("OfxParamPropPageChild"):
            yield f"shows {sorted(lost)}"
    if kind in ("Double", "Integer"):
        names = ("Min", "DisplayMin", "Default", "DisplayMax", "Max")
        limits = [p.get(f"OfxParamProp{n}") for n in names]
        if None in limits:
            yield f"has {dict(zip(names, limits, strict=True))}: every number needs its limits"
        else:
            low, shown_low, default, shown_high, high = limits
            if not low <= shown_low < shown_high <= high or not low <= default <= high:
                yield f"has limits out of order: {dict(zip(names, limits, strict=True))}"
    if kind == "Choice":
        options = p.get("OfxParamPropChoiceOption") or []
        if not 0 <= p.get("OfxParamPropDefault", 0) < len(options) or len(set(options)) < len(options):
            yield f"has default {p.get('OfxParamPropDefault')} of {options}"
    if kind == "Boolean" and p.get("OfxParamPropDefault", 0) not in (0, 1):
        yield "is neither true nor false"
    if kind in ("Double", "Integer", "Boolean", "Choice", "String") and p.get("OfxParamPropDefault") is None:
        yield "has no default"


class _PluginStruct(ctypes.Structure):
    _fields_ = (
        ("api", STR),
        ("api_version", INT),
        ("identifier", STR),
        ("major", UINT),
        ("minor", UINT),
        ("set_host", ctypes.CFUNCTYPE(None, PTR)),
        ("entry", ctypes.CFUNCTYPE(INT, STR, PTR, PTR, PTR)),
    )


class _HostStruct(ctypes.Structure):
    _fields_ = (("properties", PTR), ("fetch", ctypes.CFUNCTYPE(PTR, PTR, STR, INT)))


class Host:
    """A host with the plugins of one bundle loaded. Use it in a `with` block."""

    def __init__(self, bundle: Path, profile: Profile = NUKE_LIKE) -> None:
        self.bundle, self.profile = bundle, profile
        self.violations: list[str] = []
        self.log: list[str] = []
        self._lock = threading.RLock()
        self._things: dict[int, Any] = {}
        self._dead: dict[int, str] = {}
        self._handles = itertools.count(0x10000, 16)
        self._thread = threading.local()
        self._instances: list[Instance] = []
        self.memory: dict[int, Any] = {}
        self.mutexes: dict[int, threading.RLock] = {}
        self.properties = Properties(self, "host", spec.HOST, self._facts())
        self._callbacks: list[Any] = []
        self._suites = self._make_suites()
        self.struct = _HostStruct(
            self.properties.handle, ctypes.CFUNCTYPE(PTR, PTR, STR, INT)(self._fetch_suite)
        )

    def __enter__(self) -> Host:
        binary = next(self.bundle.glob("Contents/*/*.ofx"))
        self._library = ctypes.CDLL(str(binary))
        self._library.OfxGetNumberOfPlugins.restype = INT
        self._library.OfxGetPlugin.restype = PTR
        self._library.OfxGetPlugin.argtypes = [INT]
        count = self._library.OfxGetNumberOfPlugins()
        found = [Plugin(self, self._library.OfxGetPlugin(i)) for i in range(count)]
        if self._library.OfxGetPlugin(count) or self._library.OfxGetPlugin(-1):
            self.violations.append("OfxGetPlugin gives plugins beyond their number")
        self.plugins = {p.identifier: p for p in found}
        for plugin in found:
            plugin.load()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        for instance in self._instances:
            instance.destroy()
        for plugin in self.plugins.values():
            plugin.unload()
        _ctypes.dlclose(self._library._handle)
        if self.memory:
            self.violations.append(f"{len(self.memory)} blocks of memory were not freed")
        if self.mutexes:
            self.violations.append(f"{len(self.mutexes)} mutexes were not destroyed")
        if error is None:
            self.check()
        elif self.violations:
            error.add_note("\n".join(dict.fromkeys(self.violations)))

    def check(self) -> None:
        """Raise AssertionError with all violations until now."""
        with self._lock:
            found, self.violations = self.violations, []
        assert not found, "\n".join(dict.fromkeys(found))

    def create(
        self,
        identifier: str,
        source: Plate,
        *,
        context: str = "General",
        depth: str = "float",
        size: tuple[int, int] | None = None,
        aspect: float = 1.0,
        **clips: Plate,
    ) -> Instance:
        """Make an instance; size: that of the project, by default that of the source's first frame."""
        shown = source.picture.bounds
        made = Instance(
            self, self.plugins[identifier], context, {"Source": source, **clips},
            depth=depth, size=size or (shown.x2, shown.y2), aspect=aspect,
        )  # fmt: skip
        self._instances.append(made)
        return made

    def destroy(self, instance: Instance) -> None:
        """End one instance before the host ends."""
        self._instances.remove(instance)
        instance.destroy()

    def rendered(self, instance: Instance, time: float, **how: Any) -> Picture:
        """Render as this kind of host does: by an instance of its own for each frame, after a probe."""
        if self.profile.probes:
            instance.render(time, scale=0.5)
        if not self.profile.instance_per_frame:
            return instance.render(time, **how)
        plates = dict(instance.plates)
        copy = self.create(
            instance.plugin.identifier, plates.pop("Source"),
            context=instance.context, depth=instance.depth, size=instance.size, aspect=instance.aspect,
            **plates,
        )  # fmt: skip
        for name, parameter in instance.parameters.items():
            copy.parameters[name].value, copy.parameters[name].keys = parameter.value, dict(parameter.keys)
        status = copy._act("OfxActionSyncPrivateData")
        self.expect(status, "OfxActionSyncPrivateData", OK, spec.REPLY_DEFAULT)
        try:
            return copy.render(time, **how)
        finally:
            instance.message, instance.fetched = copy.message, copy.fetched
            self.destroy(copy)

    def purge(self, identifier: str) -> None:
        """Ask a plugin to give its memory back."""
        name = "OfxActionPurgeCaches"
        for instance in (i for i in self._instances if i.plugin.identifier == identifier):
            status = self.act(instance.plugin, name, instance.handle, None, None, Action(name, instance))
            self.expect(status, name, OK, spec.REPLY_DEFAULT)

    # What the suites stand on.

    def register(self, thing: Any) -> int:
        with self._lock:
            handle = next(self._handles)
            self._things[handle] = thing
        return handle

    def forget(self, thing: Any) -> None:
        with self._lock:
            del self._things[thing.handle]
            self._dead[thing.handle] = type(thing).__name__

    def find(self, handle: int | None, kind: type[Thing]) -> Thing:
        """The object of a handle. Raises Violation."""
        with self._lock:
            thing = self._things.get(handle or 0)
        if isinstance(thing, kind):
            return thing
        dead = f", of a {self._dead[handle]} that is gone" if handle in self._dead else ""
        raise Violation(BAD_HANDLE, f"handle {handle} is no {kind.__name__}{dead}")

    @property
    def action(self) -> Action:
        """The action under way on this thread. Raises Violation where there is none."""
        stack = getattr(self._thread, "stack", ())
        if not stack:
            raise Violation(FAILED, "a suite was called from a thread that runs no action")
        found: Action = stack[-1]
        return found

    def act(
        self,
        plugin: Plugin,
        name: str,
        handle: int | None,
        facts: Mapping[str, Any] | None,
        answer: Properties | None,
        action: Action,
    ) -> int:
        """Call the plugin's entry point."""
        told = None
        if facts is not None:
            known = {n: v for n, v in facts.items() if not self.too_old_for(n)}
            told = Properties(self, f"arguments of {name}", spec.IN[name], known)
        with self.acting(action):
            status = plugin.entry(
                name.encode(), handle, told.handle if told else None, answer.handle if answer else None
            )
        if told:
            self.forget(told)
        if action.images:
            self.violations.append(f"{len(action.images)} images were not released in {name}")
            for image in list(action.images):
                self.forget(self._things[image])
        self.violations.extend(fault for image in action.reading for fault in image.faults_of_source())
        return int(status)

    @contextmanager
    def acting(self, action: Action) -> Iterator[None]:
        stack = self._thread.__dict__.setdefault("stack", [])
        stack.append(action)
        try:
            yield
        finally:
            stack.pop()

    def expect(self, status: int, what: str, *wanted: int) -> None:
        if status not in wanted:
            self.violations.append(f"{what} was answered with status {status}")

    def too_old_for(self, name: str) -> bool:
        if self.profile.api < (1, 4):
            return name in spec.LATER
        return not self.profile.colour_management and name in spec.COLOUR

    def guarded(self, function: Callable[..., Any]) -> Callable[..., int]:
        """A callback that answers with a status and notes what was wrong."""

        def call(*arguments: Any) -> int:
            try:
                answer = function(*arguments)
            except Refused as refused:
                return refused.status
            except Violation as violation:
                stack = getattr(self._thread, "stack", ())
                where = stack[-1].name if stack else "no action"
                self.violations.append(f"{function.__name__} in {where}: {violation}")
                return violation.status
            except Exception:  # noqa: BLE001 - nothing may leave a C callback
                self.violations.append(traceback.format_exc())
                return FAILED
            return OK if answer is None else answer

        return call

    def _fetch_suite(self, handle: int | None, name: bytes, version: int) -> int | None:
        if handle != self.properties.handle:
            self.violations.append("a suite was fetched with a handle that is not the host's")
        suite = self._suites.get((name.decode(), version))
        return ctypes.addressof(suite) if suite is not None else None

    def _make_suites(self) -> dict[tuple[str, int], Any]:
        from ofx_suites import suites

        made = {}
        for key, functions in suites(self).items():
            if key == ("OfxMessageSuite", 2) and not self.profile.message_v2:
                continue
            callbacks = [
                ctypes.CFUNCTYPE(INT, *types)(self.guarded(function)) for function, types in functions
            ]
            self._callbacks.extend(callbacks)
            made[key] = (PTR * len(callbacks))(*(ctypes.cast(c, PTR).value for c in callbacks))
        return made

    def _facts(self) -> dict[str, Any]:
        profile = self.profile
        facts: dict[str, Any] = {
            "OfxPropAPIVersion": list(profile.api),
            "OfxPropType": "OfxTypeImageEffectHost",
            "OfxPropName": profile.name,
            "OfxPropLabel": profile.name,
            "OfxPropVersion": [1, 0, 0],
            "OfxPropVersionLabel": "1.0",
            "OfxPropHostOSHandle": None,
            "OfxImageEffectHostPropIsBackground": 1,
            "OfxImageEffectHostPropNativeOrigin": "kOfxImageEffectHostPropNativeOriginBottomLeft",
            "OfxImageEffectPropSupportsOverlays": 0,
            "OfxImageEffectPropSupportsMultiResolution": int(profile.multi_resolution),
            "OfxImageEffectPropSupportsTiles": int(profile.tiles),
            "OfxImageEffectPropTemporalClipAccess": 1,
            "OfxImageEffectPropSupportedComponents": [spec.COMPONENTS[c] for c in profile.components],
            "OfxImageEffectPropSupportedContexts": ["OfxImageEffectContext" + c for c in profile.contexts],
            "OfxImageEffectPropSupportedPixelDepths": [spec.DEPTHS[d] for d in profile.depths],
            "OfxImageEffectPropMultipleClipDepths": 0,
            "OfxImageEffectPropSupportsMultipleClipPARs": 0,
            "OfxImageEffectPropSetableFrameRate": 0,
            "OfxImageEffectPropSetableFielding": 0,
            "OfxImageEffectInstancePropSequentialRender": 0,
            "OfxImageEffectPropRenderQualityDraft": 1,
            "OfxImageEffectPropOpenGLRenderSupported": "false",
            "OfxParamHostPropSupportsCustomInteract": 0,
            "OfxParamHostPropSupportsStringAnimation": 0,
            "OfxParamHostPropSupportsChoiceAnimation": 0,
            "OfxParamHostPropSupportsBooleanAnimation": 0,
            "OfxParamHostPropSupportsCustomAnimation": 0,
            "OfxParamHostPropMaxParameters": -1,
            "OfxParamHostPropMaxPages": 0,
            "OfxParamHostPropPageRowColumnCount": [0, 0],
            "OfxImageEffectPropColourManagementStyle": "OfxImageEffectColourManagementCore",
            "OfxImageEffectPropColourManagementAvailableConfigs": ["ofx-native-v1.5_aces-v1.3_ocio-v2.3"],
        }
        return {n: v for n, v in facts.items() if not self.too_old_for(n)}


def with_layout(profile: Profile, **layout: Any) -> Profile:
    """The same host with its images laid out otherwise."""
    return replace(profile, layout=Layout(**layout))
