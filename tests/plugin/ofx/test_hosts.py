"""Hosts with manners of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from example_nodes import AddReference, Doubled, WindowMean
from expected import expected
from host import NUKE_LIKE, OLD_HOST, RESOLVE_LIKE, Host, Profile
from ofx_images import Picture
from ofx_objects import Plate
from plates import clip, mask

from interneg.nodes.denoise_sr import DenoiseSR

pytestmark = pytest.mark.hosted

MEAN, REFERENCE, DOUBLED = "org.interneg.WindowMean", "org.interneg.AddReference", "org.interneg.Doubled"
DENOISE = "org.interneg.DenoiseSR"

PROFILES = {
    "nuke": NUKE_LIKE,
    "resolve": RESOLVE_LIKE,
    "old": replace(OLD_HOST, depths=("float",)),
    "managed": replace(NUKE_LIKE, api=(1, 5), colour_management=True),
    "probes": replace(NUKE_LIKE, probes=True),
    "instance per frame": replace(NUKE_LIKE, instance_per_frame=True),
    "filter": replace(NUKE_LIKE, contexts=("Filter",)),
}


@pytest.mark.parametrize("name", PROFILES)
def test_every_host_shows_the_same(bundle: Path, runtime: Path, name: str) -> None:
    profile, source = PROFILES[name], clip()
    with Host(bundle, profile) as host:
        for identifier, node in ((MEAN, WindowMean()), (DENOISE, DenoiseSR(noise=12.5))):
            instance = host.create(identifier, source, context=profile.contexts[0])
            if isinstance(node, DenoiseSR):
                instance.set("noise_auto", False)
                instance.set("noise", 12.5)
            for time in (1001, 1006):
                shown = host.rendered(instance, time)
                np.testing.assert_array_equal(shown.pixels, expected(node, time, source).pixels)


@pytest.mark.parametrize("depth", ["byte", "short", "float"])
def test_without_multi_resolution_the_result_has_the_size_of_the_source(
    bundle: Path, runtime: Path, depth: str
) -> None:
    source = clip()
    with Host(bundle, RESOLVE_LIKE) as host:
        for identifier in (DOUBLED, DENOISE):
            instance = host.create(identifier, source, depth=depth)
            instance.set("scale", "2")
            assert instance.definition(1005) == (0, 0, 16, 12)
            shown = host.rendered(instance, 1005)
            assert shown.bounds == source.picture.bounds
            if identifier == DOUBLED and depth == "float":
                large = expected(Doubled(), 1005, source).pixels
                blocks = large.reshape(12, 2, 16, 2, 4).mean(axis=(1, 3), dtype=np.float32)
                np.testing.assert_allclose(shown.pixels[..., :3], blocks[..., :3], rtol=1e-6)
                np.testing.assert_array_equal(shown.pixels[..., 3], source.at(1005).pixels[..., 3])


@pytest.mark.parametrize("use_mask", [True, False])
def test_empty_images_of_unconnected_clips(bundle: Path, runtime: Path, use_mask: bool) -> None:
    """Resolve says of every clip that it is connected."""
    source = clip()
    with Host(bundle, RESOLVE_LIKE) as host:
        instance = host.create(REFERENCE, source)
        instance.set("use_mask", use_mask)
        shown = instance.render(1005)
        np.testing.assert_array_equal(shown.pixels, expected(AddReference(), 1005, source).pixels)


def test_a_mask_with_colour_is_taken_by_its_alpha(bundle: Path, runtime: Path) -> None:
    source = clip()
    matte = mask(source)
    plane = matte.picture.pixels
    pixels = np.concatenate([np.ones((*plane.shape[:2], 3), np.float32), plane], axis=2)
    coloured = Plate(lambda time: Picture(pixels), source.range)
    with Host(bundle) as host:
        instance = host.create(MEAN, source, Mask=coloured)
        instance.set("use_mask", True)
        wanted = expected(WindowMean(), 1005, source, mask=matte).pixels
        np.testing.assert_array_equal(instance.render(1005).pixels, wanted)


def test_a_host_that_ignores_the_time(bundle: Path, runtime: Path) -> None:
    """It gives the current frame for each of its neighbours: their mean is that frame."""
    source = clip()
    with Host(bundle, replace(NUKE_LIKE, ignores_time=True)) as host:
        instance = host.create(MEAN, source)
        for time in (1004, 1005):
            now = source.at(time)
            still = Plate(lambda _, now=now: now, source.range)
            wanted = expected(WindowMean(), time, still).pixels
            np.testing.assert_array_equal(instance.render(time).pixels, wanted)


def test_messages_of_hosts_without_persistent_ones(bundle: Path, runtime: Path) -> None:
    source = clip()
    with Host(bundle, OLD_HOST) as host:
        instance = host.create(DENOISE, source, depth="float")
        instance.set("input_space", "no such space")
        with pytest.raises(Exception, match="status 1"):
            instance.render(1005)
        assert any("no such space" in m for m in instance.messages + host.log)


def test_the_space_of_a_clip_is_taken_where_the_host_tells_it(bundle: Path, runtime: Path) -> None:
    """A name that the configuration does not know shows that it was asked for."""
    managed = PROFILES["managed"]
    source = replace(clip(), colour_space="srgb_tx")
    with Host(bundle, managed) as host:
        told = host.create(DENOISE, source).render(1005)
    with Host(bundle) as host:
        instance = host.create(DENOISE, clip())
        instance.set("input_space", "srgb_tx")
        set_by_hand = instance.render(1005)
        instance.set("input_space", "scene_linear")
        linear = instance.render(1005)
    np.testing.assert_array_equal(told.pixels, set_by_hand.pixels)
    assert (told.pixels != linear.pixels).any()


def test_a_pixel_aspect(bundle: Path, runtime: Path) -> None:
    source = clip()
    with Host(bundle, Profile()) as host:
        instance = host.create(DOUBLED, source, aspect=2.0)
        assert instance.definition(1005) == (0, 0, 64, 24)
        shown = instance.render(1005)
        np.testing.assert_array_equal(shown.pixels, expected(Doubled(), 1005, source).pixels)


def test_instances_made_and_ended_in_8_threads(bundle: Path, runtime: Path) -> None:
    source = clip()
    with Host(bundle, RESOLVE_LIKE) as host:
        instance = host.create(MEAN, source)
        times = [*range(1001, 1013)] * 2
        with ThreadPoolExecutor(8) as pool:
            shown = list(pool.map(lambda time: host.rendered(instance, time, sequence=False), times))
        for time, result in zip(times, shown, strict=True):
            np.testing.assert_array_equal(result.pixels, expected(WindowMean(), time, source).pixels)


def test_a_time_between_frames(bundle: Path, runtime: Path) -> None:
    """Hosts that blur motion ask for them; the frames around come from the times around."""
    still = clip().picture
    with Host(bundle) as host:
        instance = host.create(MEAN, Plate(lambda time: still, (1001, 1030)))
        shown = instance.render(1015.5)
        np.testing.assert_allclose(shown.pixels, still.pixels, rtol=1e-6)


def test_a_clip_of_one_frame(bundle: Path, runtime: Path) -> None:
    source = clip(1, 1)
    with Host(bundle) as host:
        for identifier, node in ((MEAN, WindowMean()), (DOUBLED, Doubled())):
            shown = host.create(identifier, source).render(1)
            np.testing.assert_array_equal(shown.pixels, expected(node, 1, source).pixels)


def test_frames_below_0(bundle: Path, runtime: Path) -> None:
    source = clip(-8, 3)
    with Host(bundle) as host:
        instance = host.create(MEAN, source)
        for time in (-8, -2, 0, 3):
            wanted = expected(WindowMean(), time, source).pixels
            np.testing.assert_array_equal(instance.render(time).pixels, wanted)
