"""Hosts, pictures and nodes put together by chance: what no table of cases thinks of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.plugin.ofx.expected import expected, part
from tests.plugin.ofx.host import Host, Profile
from tests.plugin.ofx.ofx_images import Layout, Picture, Rect
from tests.plugin.ofx.ofx_objects import Plate
from tests.plugin.ofx.plates import clip, mask
from tests.toys import AddReference, Doubled, EveryKnob, WindowMean

pytestmark = pytest.mark.hosted

CASES = 12
NODES = (WindowMean, AddReference, Doubled, EveryKnob)


@pytest.mark.parametrize("seed", range(6))
def test_hosts_and_pictures_by_chance(bundle: Path, runtime: Path, seed: int) -> None:
    chance = np.random.default_rng(seed)

    def pick(*values: Any) -> Any:
        return values[chance.integers(len(values))]

    profile = Profile(
        missing=pick("failed", "null"),
        unconnected=pick("absent", "empty"),
        whole_output=pick(True, False),
        instance_per_frame=pick(True, False),
        probes=pick(True, False),
        message_v2=pick(True, False),
        layout=Layout(padding=pick(0, 4, 52), negative=pick(True, False)),
    )
    with Host(bundle, profile) as host:
        for _ in range(CASES):
            node = pick(*NODES)
            shape = {"width": int(chance.integers(1, 20)), "height": int(chance.integers(1, 16))}
            place = {"x": int(chance.integers(-9, 9)), "y": int(chance.integers(-9, 9))}
            channels = pick(4, 3, 1)
            source = clip(1001, 1010, cut=pick(None, 1005), channels=channels, **shape, **place)
            source = replace(source, premultiplied=pick(*_ALPHA))
            if pick(True, False):  # a gap beside the frame that is rendered
                source = _without(source, 1004)
            clips: dict[str, Any] = {}
            if node is AddReference and pick(True, False):
                clips["Reference"] = clip(1001, 1010, cut=1001, channels=channels, **shape, **place)
            masked = pick(True, False)
            if masked:
                clips["Mask"] = mask(source)
            size = (int(chance.integers(8, 30)), int(chance.integers(8, 30)))
            time = pick(1003, 1005, 1008)
            instance = host.create(f"org.interneg.{node.__name__}", source, size=size, **clips)
            instance.set("use_mask", masked)
            wanted = expected(
                node(), time, source, size=size, mask=clips.get("Mask"), reference=clips.get("Reference")
            )
            bounds = instance.bounds(time)
            assert bounds == wanted.bounds
            x1, x2 = sorted(chance.choice(np.arange(bounds.x1, bounds.x2 + 1), 2, replace=False))
            y1, y2 = sorted(chance.choice(np.arange(bounds.y1, bounds.y2 + 1), 2, replace=False))
            window = pick(bounds, Rect(int(x1), int(y1), int(x2), int(y2)))
            shown = host.rendered(instance, time, window=window)
            np.testing.assert_array_equal(shown.pixels, part(wanted, window))
            host.destroy(instance)


_ALPHA = ("OfxImageAlphaPremultiplied", "OfxImageAlphaUnPremultiplied")


def _without(plate: Plate, time: int) -> Plate:
    def at(wanted: float) -> Picture | None:
        return None if wanted == time else plate.at(wanted)

    return replace(plate, frames=at)
