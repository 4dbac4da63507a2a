"""What happens when a user presses a button or changes a parameter."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.plugin.ofx.host import NUKE_LIKE, OLD_HOST, RESOLVE_LIKE, Host, Profile
from tests.plugin.ofx.plates import clip, mask

pytestmark = pytest.mark.hosted

DENOISE, EVERY = "org.interneg.DenoiseSR", "org.interneg.EveryKnob"
PROFILES = {"nuke": NUKE_LIKE, "resolve": RESOLVE_LIKE, "old": OLD_HOST}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_button_measures_and_sets(bundle: Path, runtime: Path, profile: str) -> None:
    with Host(bundle, PROFILES[profile]) as host:
        instance = host.create(DENOISE, clip(height=64, width=96), depth="float")
        assert instance.press("measure_noise", 1003)
        assert instance.value("noise_auto") == 0
        assert 0.1 < instance.value("noise") < 100
        assert instance.parameters["noise"].enabled
        (message,) = instance.messages
        assert f"{instance.value('noise'):.1f}" in message and "1003" in message
        instance.render(1003)


def test_what_a_button_sets_holds_at_every_frame(bundle: Path, runtime: Path) -> None:
    with Host(bundle) as host:
        instance = host.create(DENOISE, clip(height=64, width=96))
        instance.set("noise_auto", False)
        instance.set("noise", 90.0, key=1001)
        instance.set("noise", 95.0, key=1006)
        assert instance.press("measure_noise", 1003)
        assert instance.parameters["noise"].keys == {}
        assert instance.value("noise", 1001) == instance.value("noise", 1006) < 90


def test_a_report_is_written(bundle: Path, runtime: Path) -> None:
    with Host(bundle) as host:
        instance = host.create(EVERY, clip())
        assert instance.press("report", 1003)
        (message,) = instance.messages
        page = Path(message.removesuffix(" (open it in a browser)").split()[-1])
        assert page.stat().st_size > 1000
        assert page.is_relative_to(runtime / "data")


def test_what_a_button_cannot_do_is_told(bundle: Path, runtime: Path) -> None:
    with Host(bundle) as host:
        instance = host.create(DENOISE, clip())
        instance.set("input_space", "no such space")
        assert not instance.press("measure_noise", 1003)
        assert any("no such space" in m for m in (*instance.messages, instance.message or ""))
        assert instance.value("noise_auto") == 1


def test_a_mask_is_used_once_it_is_connected(bundle: Path, runtime: Path) -> None:
    source = clip()
    with Host(bundle) as host:
        masked, bare = host.create(EVERY, source, Mask=mask(source)), host.create(EVERY, source)
        for instance in (masked, bare):
            assert instance.value("use_mask") == 0
            instance.changed("OfxTypeClip", "Mask", "OfxChangeUserEdited")
        assert masked.value("use_mask") == 1
        assert bare.value("use_mask") == 0
        given = source.at(1003)
        assert given is not None
        shown = masked.render(1003).pixels
        np.testing.assert_array_equal(shown[:, :4], given.pixels[:, :4])
        assert (shown[:, 8:, :3] != given.pixels[:, 8:, :3]).all()


def test_the_menu_of_spaces_writes_the_name(bundle: Path, runtime: Path, tmp_path: Path) -> None:
    """The name is what is saved: an index means another space under another configuration."""
    ours = tmp_path / bundle.name
    shutil.copytree(bundle, ours)
    spaces = ["scene_linear", "compositing_log", 'odd "name"']
    (ours / "Contents/Resources/spaces.json").write_text(json.dumps({"spaces": spaces}))
    with Host(ours) as host:
        menu = host.plugins[EVERY].in_context("General").parameters["input_space_menu"]
        assert menu["OfxParamPropPersistant"] == 0
        instance = host.create(EVERY, clip())
        for space in spaces:
            instance.set("input_space_menu", space)
            assert instance.value("input_space") == space
            assert instance.parameters["input_space_menu"].value == 0
        instance.set("input_space_menu", "compositing_log")
        converted = instance.render(1003).pixels
        instance.set("input_space", "scene_linear")
        assert (converted != instance.render(1003).pixels).any()


@pytest.mark.parametrize("contents", [b"", b"{", b'{"spaces": 1}', b'{"spaces": [1, "a"]}', b"\xff\xfe"])
def test_a_damaged_list_of_spaces_is_passed_over(bundle: Path, tmp_path: Path, contents: bytes) -> None:
    ours = tmp_path / bundle.name
    shutil.copytree(bundle, ours)
    (ours / "Contents/Resources/spaces.json").write_bytes(contents)
    with Host(ours) as host:
        assert "input_space" in host.plugins[EVERY].in_context("General").parameters


@pytest.mark.parametrize(
    "contents", [None, b"", b"{", b"[]", b'{"version": 1, "nodes": [{}]}', b'{"version": 9}']
)
def test_a_bundle_without_nodes_offers_none(bundle: Path, tmp_path: Path, contents: bytes | None) -> None:
    ours = tmp_path / bundle.name
    shutil.copytree(bundle, ours)
    told = ours / "Contents/Resources/nodes.json"
    told.unlink()
    if contents is not None:
        told.write_bytes(contents)
    with Host(ours) as host:
        assert host.plugins == {}


def test_values_set_by_the_plugin_are_seen_by_the_next_render(bundle: Path, runtime: Path) -> None:
    source = clip(height=64, width=96)
    with Host(bundle, Profile()) as host:
        instance = host.create(DENOISE, source)
        measured = instance.render(1003).pixels
        instance.set("noise_auto", False)
        instance.set("noise", 40.0)
        assert (instance.render(1003).pixels != measured).any()
        instance.set("noise_auto", True)
        np.testing.assert_array_equal(instance.render(1003).pixels, measured)
