"""An instance of an effect, and what hosts ask of it until it has rendered."""

from __future__ import annotations

import math
import time as clock
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tests.plugin.ofx import ofx_spec as spec
from tests.plugin.ofx.ofx_images import Image, Picture, Rect
from tests.plugin.ofx.ofx_objects import (
    Action,
    Clip,
    Parameter,
    ParameterSet,
    Plate,
    Properties,
    RenderAborted,
    RenderFailed,
)
from tests.plugin.ofx.ofx_spec import ACTION, FAILED, OK, RENDER

if TYPE_CHECKING:
    from tests.plugin.ofx.host import Host
    from tests.plugin.ofx.ofx_plugin import Plugin


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
                **(_negotiated(host, plugin) if host.profile.colour_style else {}),
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
        for parameter in self.parameters.values():
            host.forget(parameter)
            host.forget(parameter.properties)
        for clip in self.clips.values():
            host.forget(clip)
            host.forget(clip.properties)

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
        action = Action(RENDER, self, time, scale, window, output, bounds, frames=declared)
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
        if self._host.profile.keeps_size:
            x1, y1, x2, y2 = self.clips["Source"].definition(time)
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


def _negotiated(host: Host, plugin: Plugin) -> dict[str, str]:
    """The colour management that both sides know: the lesser of the styles they offer."""
    offered = plugin.descriptor.get("OfxImageEffectPropColourManagementStyle", spec.STYLE + "None")
    configs = plugin.descriptor.get("OfxImageEffectPropColourManagementAvailableConfigs", [])
    styles = [spec.STYLE + name for name in ("None", "Basic", "Core", "Full", "OCIO")]
    style = min(offered, spec.STYLE + host.profile.colour_style, key=styles.index)
    agreed = {"OfxImageEffectPropColourManagementStyle": style}
    if style != styles[0]:
        if configs != [spec.NATIVE]:
            host.violations.append(f"{plugin.identifier} knows the native configurations {configs}")
        agreed["OfxImageEffectPropColourManagementConfig"] = spec.NATIVE
    if style == styles[-1]:
        agreed["OfxImageEffectPropOCIOConfig"] = host.profile.ocio_config
    return agreed
