"""Requests to the worker's renderer in the making, and pictures for them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, get_args, get_type_hints

import numpy as np

from interneg.frame import Pixels
from interneg.plugin.worker.protocol import Image, Render, Shown
from interneg.plugin.worker.renderer import Renderer

SPACE = "ACEScg"


@dataclass
class Asked:
    """A request in the making: its images as arrays, and where they lie."""

    node: str
    knobs: dict[str, Any] = field(default_factory=dict)
    time: int = 1
    frames: dict[int, Any] = field(default_factory=dict)
    span: tuple[int, int] | None = None
    size: tuple[int, int] | None = None
    at: dict[int, tuple[int, int]] = field(default_factory=dict)
    output_at: tuple[int, int] = (0, 0)
    mask: Any = None
    mask_at: tuple[int, int] = (0, 0)
    reference: Any = None
    matte: Any = None
    matte_at: tuple[int, int] = (0, 0)
    fit: bool = False
    premultiplied: bool = True
    digests: bool = False
    space: str = SPACE

    def request(self, kind: type = Render, **facts: Any) -> tuple[Any, list[Pixels]]:
        views, images, shown = [], [], []

        def add(pixels: Any, x: int, y: int) -> int:
            height, width, count = pixels.shape
            channels = get_args(get_type_hints(Image)["channels"])
            images.append(Image(width, height, next(c for c in channels if len(c) == count), x, y))
            views.append(np.ascontiguousarray(pixels, np.float32))
            return len(images) - 1

        for number, pixels in self.frames.items():
            digest = hashlib.md5(pixels.tobytes()).hexdigest() if self.digests else ""
            shown.append(Shown(number, add(pixels, *self.at.get(number, (0, 0))), digest))
        mask = None if self.mask is None else add(self.mask, *self.mask_at)
        reference = None if self.reference is None else add(self.reference, 0, 0)
        matte = None if self.matte is None else add(self.matte, *self.matte_at)
        height, width, count = self.frames[self.time].shape
        size = self.size or (width, height)
        first, last = self.span or (min(self.frames), max(self.frames))
        if kind is Render:
            target = np.full((size[1], size[0], count), np.nan, np.float32)
            facts["output"] = add(target, *self.output_at)
        else:
            facts["output"] = None
        request = kind(
            node=self.node, knobs=self.knobs, time=self.time, first=first, last=last, space=self.space,
            premultiplied=self.premultiplied, aspect=1.0, format=(width, height), images=images, frames=shown,
            mask=mask, reference=reference, matte=matte, fit=self.fit, **facts,
        )  # fmt: skip
        return request, views

    def rendered(self, renderer: Renderer) -> Pixels:
        request, views = self.request()
        renderer.render(request, views, lambda: False)
        return views[request.output]


def draw(number: int, height: int = 24, width: int = 32, channels: int = 4) -> Pixels:
    picture = np.random.default_rng(1).uniform(-0.05, 4, (height, width, channels))
    noise = np.random.default_rng(number).normal(0, 0.02, picture.shape)
    drawn = (picture + noise).astype(np.float32)
    if channels == 4:
        drawn[..., 3] = np.clip(drawn[..., 3], 0, 1)
    return drawn
