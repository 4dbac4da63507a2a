"""Hosts with manners of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from interneg.nodes.denoise_sr import DenoiseSR
from tests.plugin.ofx.environment import setting
from tests.plugin.ofx.expected import expected
from tests.plugin.ofx.host import NUKE_LIKE, OLD_HOST, RESOLVE_LIKE, Host, Profile
from tests.plugin.ofx.ofx_images import Picture
from tests.plugin.ofx.ofx_objects import Plate
from tests.plugin.ofx.plates import clip, mask
from tests.toys import AddReference, Doubled, WindowMean

pytestmark = pytest.mark.hosted

MEAN, REFERENCE, DOUBLED = "org.interneg.WindowMean", "org.interneg.AddReference", "org.interneg.Doubled"
DENOISE = "org.interneg.DenoiseSR"

PROFILES = {
    "nuke": NUKE_LIKE,
    "resolve": RESOLVE_LIKE,
    "old": replace(OLD_HOST, depths=("float",)),
    "managed": replace(NUKE_LIKE, api=(1, 5), colour_style="Core"),
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
                np.testing.assert_array_equal(
                    shown.pixels[..., 3], (source.at(1005) or source.picture).pixels[..., 3]
                )


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


def _always(picture: Picture | None) -> Callable[[float], Picture | None]:
    return lambda _: picture


def test_a_host_that_ignores_the_time(bundle: Path, runtime: Path) -> None:
    """It gives the current frame for each of its neighbours: their mean is that frame."""
    source = clip()
    with Host(bundle, replace(NUKE_LIKE, ignores_time=True)) as host:
        instance = host.create(MEAN, source)
        for time in (1004, 1005):
            now = source.at(time)
            still = Plate(_always(now), source.range)
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


STUDIO = "ocio://studio-config-v2.1.0_aces-v1.3_ocio-v2.3"
OURS = """ocio_profile_version: 2
roles: {scene_linear: ours, default: ours, compositing_log: our_log, data: plain}
displays: {screen: [!<View> {name: view, colorspace: ours}]}
colorspaces:
  - !<ColorSpace> {name: ours, encoding: scene-linear}
  - !<ColorSpace> {name: plain, isdata: true}
  - !<ColorSpace> {name: our_log, encoding: log, from_scene_reference: !<LogTransform> {base: 2}}
"""
"""A show's configuration, none of whose names OCIO's own have."""


@pytest.fixture
def ours(tmp_path: Path) -> str:
    """The path of a show's configuration."""
    path = tmp_path / "config.ocio"
    path.write_text(OURS)
    return str(path)


def shown_in(
    bundle: Path, space: str, config: str, profile: Profile = NUKE_LIKE, by_hand: str = ""
) -> np.ndarray:
    """What Denoise-SR makes of a clip of which such a host tells that space, or in a space set by hand."""
    with setting(OCIO=config), Host(bundle, profile) as host:
        instance = host.create(DENOISE, replace(clip(), colour_space=space or None))
        if by_hand:
            instance.set("input_space", by_hand)
        return instance.render(1005).pixels


@pytest.mark.parametrize("style", ["Basic", "Core", "Full"])
@pytest.mark.parametrize(
    ("told", "means"),
    [
        ("ofx_raw", "Raw"),
        ("ofx_scene_log", "ACEScct"),
        ("ofx_display_sdr", "rec1886_rec709_display"),
        ("ofx_display_hdr", "rec2100_pq_display"),
        ("srgb_tx", "srgb_tx"),
        ("lin_rec709_srgb", "lin_rec709_srgb"),
    ],
)
def test_names_of_the_native_configuration(
    bundle: Path, runtime: Path, ours: str, style: str, told: str, means: str
) -> None:
    """Whatever the show's configuration, they mean what OpenFX's does."""
    if not told.startswith("ofx_") and style == "Basic":
        pytest.skip("the style has the names of kinds of spaces alone")
    managed = replace(NUKE_LIKE, api=(1, 5), colour_style=style)
    shown = shown_in(bundle, told, ours, managed)
    np.testing.assert_array_equal(shown, shown_in(bundle, "", STUDIO, by_hand=means))
    assert (shown != shown_in(bundle, "", ours)).any()


@pytest.mark.parametrize("style", ["Core", "OCIO"])
@pytest.mark.parametrize("told", ["", "ofx_scene_linear", "OfxColourspace_Source"])
def test_names_that_leave_it_at_scene_linear(
    bundle: Path, runtime: Path, ours: str, style: str, told: str
) -> None:
    managed = replace(NUKE_LIKE, api=(1, 5), colour_style=style, ocio_config=ours)
    np.testing.assert_array_equal(shown_in(bundle, told, ours, managed), shown_in(bundle, "", ours))


def test_names_of_the_configuration_that_the_host_names(bundle: Path, runtime: Path, ours: str) -> None:
    managed = replace(NUKE_LIKE, api=(1, 5), colour_style="OCIO", ocio_config=ours)
    shown = shown_in(bundle, "our_log", "", managed)
    np.testing.assert_array_equal(shown, shown_in(bundle, "", ours, by_hand="our_log"))
    assert (shown != shown_in(bundle, "", ours)).any()


def test_a_space_set_by_hand_goes_before_what_the_host_tells(bundle: Path, runtime: Path, ours: str) -> None:
    managed = replace(NUKE_LIKE, api=(1, 5), colour_style="Core")
    shown = shown_in(bundle, "srgb_tx", ours, managed, by_hand="our_log")
    np.testing.assert_array_equal(shown, shown_in(bundle, "", ours, by_hand="our_log"))


def test_a_relative_path_of_a_configuration_is_the_host_s(bundle: Path, runtime: Path, ours: str) -> None:
    with chdir(Path(ours).parent):
        shown = shown_in(bundle, "", "config.ocio", by_hand="our_log")
    np.testing.assert_array_equal(shown, shown_in(bundle, "", ours, by_hand="our_log"))


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
