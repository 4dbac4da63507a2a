"""The strict host's image effect suite: clips, their images, and memory for images."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tests.plugin.ofx import ofx_spec as spec
from tests.plugin.ofx.ofx_calls import CHANGING, DESCRIBING, Function, require, text_of
from tests.plugin.ofx.ofx_images import Image
from tests.plugin.ofx.ofx_instance import Instance
from tests.plugin.ofx.ofx_objects import DBL, PTR, SIZE, STR, Action, Clip, Properties, Refused, Violation
from tests.plugin.ofx.ofx_plugin import Descriptor
from tests.plugin.ofx.ofx_spec import BAD_HANDLE, FAILED, RENDER

if TYPE_CHECKING:
    from tests.plugin.ofx.host import Host

_FETCHING = {RENDER, *CHANGING}


def effect_suite(host: Host) -> Sequence[Function]:
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
        described, word = host.find(handle, Descriptor), text_of(name)
        require(host, DESCRIBING, "clipDefine")
        if word in described.clips:
            raise Violation(spec.FAILED, f"clip '{word}' is defined twice")
        values = {"OfxPropType": "OfxTypeClip", "OfxPropName": word}
        writable = set(spec.CLIP) - {"OfxPropType", "OfxPropName"}
        described.clips[word] = Properties(host, f"clip '{word}'", spec.CLIP, values, writable)
        if out:
            PTR.from_address(out).value = described.clips[word].handle

    def clip_get_handle(handle: int, name: bytes, out: int, properties: int | None) -> None:
        instance, word = host.find(handle, Instance), text_of(name)
        if word not in instance.clips:
            raise Violation(BAD_HANDLE, f"there is no clip '{word}'")
        PTR.from_address(out).value = instance.clips[word].handle
        if properties:
            PTR.from_address(properties).value = instance.clips[word].properties.handle

    def clip_get_property_set(handle: int, out: int) -> None:
        PTR.from_address(out).value = host.find(handle, Clip).properties.handle

    def clip_get_image(handle: int, time: float, region: int | None, out: int) -> None:
        clip, action = host.find(handle, Clip), require(host, _FETCHING, "clipGetImage")
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
