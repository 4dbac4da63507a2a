"""A plugin of a bundle, as it describes itself."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tests.plugin.ofx import ofx_spec as spec
from tests.plugin.ofx.ofx_objects import INT, PTR, STR, UINT, Action, ParameterSet, Properties
from tests.plugin.ofx.ofx_spec import ACTION, OK

if TYPE_CHECKING:
    from tests.plugin.ofx.host import Host


class Descriptor:
    """An effect as it describes itself, with what it defines in one context."""

    def __init__(self, host: Host, plugin: Plugin, context: str | None) -> None:
        self.plugin, self.context = plugin, context
        values: dict[str, Any] = {
            "OfxPropType": "OfxTypeImageEffect",
            "OfxPluginPropFilePath": str(host.bundle),
        }
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

        for absent in {"Output", "Source"} - set(described.clips):
            wrong(f"there is no clip '{absent}'")
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
