"""What the plugins say of themselves, to every kind of host and without a worker."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from interneg.knobs import AUTO, knobs_of
from interneg.nodes import NODES
from interneg.nodes.scratch_inpaint import ScratchInpaint
from tests.plugin.ofx.host import NUKE_LIKE, OLD_HOST, RESOLVE_LIKE, Host, Profile
from tests.toys import HOSTED, AddReference, Doubled, WindowMean

pytestmark = pytest.mark.hosted

PROFILES = {
    "nuke": NUKE_LIKE,
    "resolve": RESOLVE_LIKE,
    "old": OLD_HOST,
    "managed": replace(NUKE_LIKE, api=(1, 5), colour_style="Core"),
    "filter": replace(NUKE_LIKE, contexts=("Filter",)),
}

TYPES = {
    "float": "Double",
    "int": "Integer",
    "bool": "Boolean",
    "choice": "Choice",
    "file": "String",
    "frames": "String",
}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_host_is_told_all(bundle: Path, runtime: Path, profile: str) -> None:
    """The host checks each property and parameter; no worker is started for it."""
    worker = os.environ.pop("INTERNEG_WORKER")
    try:
        with Host(bundle, PROFILES[profile]) as host:
            nodes = {**NODES, **HOSTED}
            assert {p.rsplit(".", 1)[1] for p in host.plugins} == {n.__name__ for n in nodes.values()}
            for plugin in host.plugins.values():
                assert set(plugin.contexts) == {"Filter", "General"}
                for context in PROFILES[profile].contexts:
                    plugin.in_context(context)
            host.check()
        assert not (runtime / "worker.sock").exists()
    finally:
        os.environ["INTERNEG_WORKER"] = worker


def test_labels_and_versions(bundle: Path) -> None:
    with Host(bundle) as host:
        for node in (*NODES.values(), *HOSTED.values()):
            plugin = host.plugins[f"org.interneg.{node.__name__}"]
            told = plugin.describe()
            assert told["OfxPropLabel"] == node.label
            assert told["OfxImageEffectPluginPropGrouping"] == "Interneg/Restoration"
            assert plugin.version[1] == node.version
            assert node.help in told["OfxPropPluginDescription"]


@pytest.mark.parametrize("name", [*NODES, *HOSTED])
def test_parameters_follow_the_knobs(bundle: Path, name: str) -> None:
    node = {**NODES, **HOSTED}[name]
    with Host(bundle) as host:
        parameters = host.plugins[f"org.interneg.{node.__name__}"].in_context("General").parameters
        for knob_name, knob in knobs_of(node).items():
            if knob.aov:  # a channel that a host's picture has no room for
                assert knob_name not in parameters
                continue
            told, default = parameters[knob_name], getattr(node, knob_name)
            assert told["OfxParamPropType"] == "OfxParamType" + TYPES[knob.kind]
            assert told["OfxParamPropHint"].startswith(knob.help.split(".")[0])
            assert told["OfxPropLabel"].startswith(knob.label)
            assert told.get("OfxParamPropAnimates", 1) == knob.animatable
            if knob.auto:
                automatic = parameters[f"{knob_name}_auto"]
                assert automatic["OfxParamPropDefault"] == (default == AUTO)
                assert automatic["OfxParamPropHint"].startswith("Ticked, the node finds this value itself")
                assert knob.help in automatic["OfxParamPropHint"]
                assert told.get("OfxParamPropEnabled", 1) == (default != AUTO)
            elif knob.kind == "choice":
                assert told["OfxParamPropChoiceOption"] == [*knob.choices, *["own"] * bool(knob.others)]
                if knob.others:
                    beside = parameters[f"own_{knob_name}"]
                    assert beside["OfxParamPropType"] == "OfxParamTypeString"
                    assert knob.others in beside["OfxParamPropHint"]
                assert knob.choices[told["OfxParamPropDefault"]] == default
            elif knob.kind != "frames":
                assert told["OfxParamPropDefault"] == default
            if knob.kind in ("float", "int"):
                assert (told["OfxParamPropMin"], told["OfxParamPropMax"]) == knob.hard


def test_what_nodes_look_at_is_declared(bundle: Path) -> None:
    def told(host: Host, node: type) -> tuple[int, int, int, set[str]]:
        plugin = host.plugins[f"org.interneg.{node.__name__}"]
        described, effect = plugin.in_context("General"), plugin.descriptor
        source = described.clips["Source"].get("OfxImageEffectPropTemporalClipAccess", 0)
        return (
            effect["OfxImageEffectPropTemporalClipAccess"],
            source,
            effect["OfxImageEffectPropSupportsTiles"],
            set(described.clips),
        )

    with Host(bundle) as host:
        usual = {"Source", "Output", "Mask"}
        assert told(host, WindowMean) == (1, 1, 0, usual)
        assert told(host, Doubled) == (0, 0, 0, usual)
        assert told(host, AddReference)[3] == usual | {"Reference"}
        assert told(host, ScratchInpaint)[3] == usual | {"Matte"}
        for plugin in host.plugins.values():
            for name, clip in plugin.in_context("General").clips.items():
                assert clip.get("OfxImageClipPropOptional", 0) == (name in ("Mask", "Matte", "Reference"))


def test_a_plugin_is_described_again_after_the_host_went(bundle: Path) -> None:
    """A host loads and unloads a bundle several times, while it looks for plugins."""
    for _ in range(3):
        with Host(bundle, Profile()) as host:
            for plugin in host.plugins.values():
                plugin.describe()
