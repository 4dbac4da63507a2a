"""Scratch-Inpaint in a host: its matte input, its views and its list of defects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from interneg.nodes.scratch_inpaint import ScratchInpaint
from tests.damage import HEIGHT, MIDDLE, WIDTH, dirty, disc, scene
from tests.plugin.ofx.expected import expected
from tests.plugin.ofx.host import Host
from tests.plugin.ofx.ofx_images import Picture
from tests.plugin.ofx.ofx_objects import Plate, RenderFailed
from tests.plugin.ofx.plates import clip

pytestmark = pytest.mark.hosted

NODE, TIME = "org.interneg.ScratchInpaint", 1001 + MIDDLE
PAINTED = disc(40, 110, 5)


def plate() -> Plate:
    """Five frames, the middle one with dirt, opaque."""
    frames = {}
    for number, shown in enumerate(dirty(scene())[0], 1001):
        alpha = np.ones((HEIGHT, WIDTH, 1), np.float32)
        frames[number] = Picture(np.concatenate([shown.transpose(1, 2, 0), alpha], 2))
    return Plate.of(frames)


def still(*planes: Any) -> Plate:
    pixels = np.stack([np.asarray(p, np.float32) for p in planes], 2)
    return Plate(lambda time: Picture(pixels), (1001, 1005))


def test_a_matte_adds_replaces_and_protects(bundle: Path, runtime: Path) -> None:
    source, full, none = plate(), np.ones_like(PAINTED), np.zeros_like(PAINTED)
    mattes = {
        "alpha alone": still(PAINTED),
        "a grey picture without alpha": still(PAINTED, PAINTED, PAINTED, none),
        "an opaque one": still(PAINTED, PAINTED, PAINTED, full),
        "painted on an alpha": still(none, none, none, PAINTED),
    }
    with Host(bundle) as host:
        plain = host.create(NODE, source).render(TIME).pixels
        given = source.at(TIME)
        assert given is not None
        for name, matte in mattes.items():
            instance = host.create(NODE, source, Matte=matte)
            np.testing.assert_array_equal(instance.render(TIME).pixels, plain, err_msg=name)  # off
            for how in ("add", "replace", "protect"):
                instance.set("matte", how)
                shown = instance.render(TIME).pixels
                wanted = expected(ScratchInpaint(matte=how), TIME, source, matte=matte).pixels
                np.testing.assert_array_equal(shown, wanted, err_msg=f"{name}, {how}")
                if how != "protect":
                    assert (shown != given.pixels)[PAINTED][:, :3].any(axis=-1).mean() > 0.9, (name, how)


def test_a_matte_that_is_asked_for_and_not_connected_is_told(bundle: Path, runtime: Path) -> None:
    with Host(bundle) as host:
        instance = host.create(NODE, plate())
        instance.set("matte", "add")
        with pytest.raises(RenderFailed) as failed:
            instance.render(TIME)
        assert failed.value.message and "at the matte input" in failed.value.message


def test_views_are_shown_and_the_matte_comes_back(bundle: Path, runtime: Path) -> None:
    source = plate()
    with Host(bundle) as host:
        instance = host.create(NODE, source)
        plain = instance.render(TIME).pixels
        shown = {}
        for view in ("over plate", "changed", "matte"):
            instance.set("view", view)
            shown[view] = instance.render(TIME).pixels
            wanted = expected(ScratchInpaint(view=view), TIME, source).pixels
            np.testing.assert_array_equal(shown[view], wanted, err_msg=view)
            said = f"Scratch-Inpaint: shows the view '{view}', which is to look at, not the result"
            assert instance.message == said and not instance.messages
        instance.set("view", "result")
        np.testing.assert_array_equal(instance.render(TIME).pixels, plain)
        assert instance.message is None
        assert shown["matte"][..., 0].any() and not shown["matte"][..., 2].any()
        back = host.create(NODE, source, Matte=Plate(lambda time: Picture(shown["matte"]), (1001, 1005)))
        back.set("matte", "replace")
        np.testing.assert_array_equal(back.render(TIME).pixels, plain)


def test_a_list_of_defects_is_followed(bundle: Path, runtime: Path, tmp_path: Path) -> None:
    source = plate()
    empty = '{"format": "interneg defects 1", "size": [%d, %d], "dirt": {%s}, "scratches": []}'
    frames = ", ".join(f'"{n}": [{{"box": [10, 20, 5, 5]}}]' for n in range(1001, 1006))
    (tmp_path / "d.json").write_text(empty % (WIDTH, HEIGHT, frames))
    with Host(bundle) as host:
        instance = host.create(NODE, source)
        instance.set("defects_list", str(tmp_path / "d.json"))
        instance.set("feather", 0)
        instance.set("grow", 0)
        shown, given = instance.render(TIME).pixels, source.at(TIME)
        assert given is not None
        changed = (shown != given.pixels).any(axis=-1)
        assert changed[20:25, 10:15].mean() > 0.9
        changed[20:25, 10:15] = False
        assert not changed.any()
        other = host.create(NODE, clip())
        other.set("defects_list", str(tmp_path / "d.json"))
        with pytest.raises(RenderFailed) as failed:
            other.render(1005)
        assert failed.value.message and f"was made for pictures of {WIDTH}x{HEIGHT}" in failed.value.message
