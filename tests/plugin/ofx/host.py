"""A strict OpenFX host: it loads a bundle as Nuke or Resolve would, and notes what breaks the specification.

The suites are C callbacks made by ctypes; their variable arguments are read as x86-64 passes them. Whatever
the plugin does wrong becomes a sentence in `Host.violations`; leaving the `with` block raises them all.
"""

from __future__ import annotations

import _ctypes
import ctypes
import itertools
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from tests.plugin.ofx import ofx_spec as spec
from tests.plugin.ofx.ofx_images import PACKED, Layout, Picture
from tests.plugin.ofx.ofx_instance import Instance
from tests.plugin.ofx.ofx_objects import INT, PTR, STR, Action, Plate, Properties, Refused, Violation
from tests.plugin.ofx.ofx_plugin import Plugin
from tests.plugin.ofx.ofx_spec import BAD_HANDLE, FAILED, OK
from tests.plugin.ofx.ofx_suites import suites

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Profile:
    """How a host behaves.

    missing: what it answers for a frame that is not there, "failed" or a "null" image. unconnected: whether a
    clip without input is "absent", or reported as connected and "empty". whole_output: whether the output
    image is as large as the region of definition, or just the render window. ignores_time: it gives the
    current frame whatever frame is asked for. probes: it renders at half size first. instance_per_frame: it
    makes an instance for each frame. colour_style: the most that it offers of OpenFX 1.5's colour management,
    "Basic", "Core", "Full" or "OCIO"; ocio_config: the configuration that it names in the last.
    messages: whether it prints them as "printf" does, loses what stands behind the format ("blank"), or
    prints the "format" as it is. temporal: whether it gives frames at other times than the one rendered.
    keeps_size: whether it asks for the region of definition and renders that of the source all the same.
    refuses: the types of parameters that it does not have, as in "String". progress: whether it shows any.
    """

    name: str = "org.interneg.TestHost"
    api: tuple[int, int] = (1, 4)
    contexts: tuple[str, ...] = ("Filter", "General")
    components: tuple[str, ...] = ("RGBA", "RGB", "A")
    depths: tuple[str, ...] = ("float", "half", "short", "byte")
    multi_resolution: bool = True
    tiles: bool = True
    message_v2: bool = True
    progress: bool = True
    temporal: bool = True
    keeps_size: bool = False
    refuses: tuple[str, ...] = ()
    messages: Literal["printf", "blank", "format"] = "printf"
    colour_style: str = ""
    ocio_config: str = ""
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


class _HostStruct(ctypes.Structure):
    _fields_ = (("properties", PTR), ("fetch", ctypes.CFUNCTYPE(PTR, PTR, STR, INT)))


class Host:
    """A host with the plugins of one bundle loaded. Use it in a `with` block."""

    def __init__(self, bundle: Path, profile: Profile = NUKE_LIKE) -> None:
        self.bundle, self.profile = bundle, profile
        self.violations: list[str] = []
        self.log: list[str] = []
        self.progress: list[float | str] = []
        self.cancels_at = 2.0
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
        return not self.profile.colour_style and name in spec.COLOUR

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
        made = {}
        for key, functions in suites(self).items():
            if key == ("OfxMessageSuite", 2) and not self.profile.message_v2:
                continue
            if key[0] == "OfxProgressSuite" and not self.profile.progress:
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
            "OfxImageEffectPropTemporalClipAccess": int(profile.temporal),
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
            "OfxImageEffectPropColourManagementStyle": spec.STYLE + profile.colour_style,
            "OfxImageEffectPropColourManagementAvailableConfigs": [spec.NATIVE],
        }
        return {n: v for n, v in facts.items() if not self.too_old_for(n)}


def with_layout(profile: Profile, **layout: Any) -> Profile:
    """The same host with its images laid out otherwise."""
    return replace(profile, layout=Layout(**layout))
