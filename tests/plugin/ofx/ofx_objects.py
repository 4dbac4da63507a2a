"""What handles stand for: property sets, parameters, clips; and what can be wrong with their use."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.plugin.ofx import ofx_spec as spec
from tests.plugin.ofx.ofx_images import NOTHING, PACKED, Image, Picture, Rect
from tests.plugin.ofx.ofx_spec import BAD_HANDLE, BAD_INDEX, FAILED, UNKNOWN, Property

if TYPE_CHECKING:
    from tests.plugin.ofx.host import Host
    from tests.plugin.ofx.ofx_instance import Instance
    from tests.plugin.ofx.ofx_plugin import Descriptor

PTR, STR, INT, DBL, UINT, SIZE = (
    ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_double, ctypes.c_uint, ctypes.c_size_t,
)  # fmt: skip


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
    region: Rect = NOTHING
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


class ParameterSet:
    """The parameters of an instance, or of a descriptor that takes definitions."""

    def __init__(self, host: Host, parameters: dict[str, Parameter], descriptor: Descriptor | None) -> None:
        self.parameters, self.descriptor = parameters, descriptor
        values = {"OfxPropParamSetNeedsSyncing": 0}
        writable = {"OfxPluginPropParamPageOrder", "OfxPropParamSetNeedsSyncing"}
        self.properties = Properties(host, "parameter set", spec.PARAMETER_SET, values, writable)
        self.handle = host.register(self)


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
        if self.plate is None:
            return (0, 0, 0, 0)
        shown = self.plate.at(time) or self.plate.picture
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
