"""The menu of input spaces: it has the names of the OCIO configuration in force."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from interneg.colour import Colour
from tests.plugin.ofx.environment import setting
from tests.plugin.ofx.host import NUKE_LIKE, Host
from tests.plugin.ofx.plates import clip

pytestmark = pytest.mark.hosted

EVERY, DOUBLED = "org.interneg.EveryKnob", "org.interneg.Doubled"

OURS = """ocio_profile_version: 2
roles: {scene_linear: ours, default: ours, compositing_log: our_log}
displays: {screen: [!<View> {name: view, colorspace: ours}]}
colorspaces:
  - !<ColorSpace> {name: ours, encoding: scene-linear}
  - !<ColorSpace> {name: our_log, encoding: log, from_scene_reference: !<LogTransform> {base: 2}}
"""
"""The configuration that a host brings along, none of whose names OCIO's own have."""


@pytest.fixture
def installed(bundle: Path, tmp_path: Path) -> Path:
    """The bundle as it is installed where $OCIO is not set."""
    made = Path(copytree(bundle, tmp_path / bundle.name))
    names = {"config": "", "spaces": list(Colour("ocio://studio-config-latest").spaces)}
    (made / "Contents/Resources/spaces.json").write_text(json.dumps(names))
    return made


def offered(instance: Any) -> list[str]:
    """The lines of the menu of input spaces."""
    return list(instance.parameters["input_space_menu"].properties["OfxParamPropChoiceOption"])


def test_the_menu_has_the_names_of_the_configuration_in_force(
    installed: Path, runtime: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.ocio"
    config.write_text(OURS)
    with setting(OCIO=str(config)), Host(installed) as host:
        described = host.plugins[EVERY].in_context("General").parameters["input_space_menu"]
        assert described["OfxParamPropChoiceOption"] == ["(choose)"]
        config.unlink()  # asked once, not for each instance
        for instance in (host.create(EVERY, clip()), host.create(DOUBLED, clip())):
            assert offered(instance) == ["(choose)"]
        config.write_text(OURS)
    with setting(OCIO=str(config)), Host(installed) as host:
        for instance in (host.create(EVERY, clip()), host.create(DOUBLED, clip())):
            assert offered(instance) == ["(choose)", *Colour(str(config)).spaces]
            assert "our_log" in offered(instance) and "ACEScg" not in offered(instance)
            instance.set("input_space_menu", "our_log")
            assert (instance.value("input_space"), instance.value("input_space_menu")) == (
                "our_log",
                "(choose)",
            )
            instance.render(1005)


def test_the_worker_is_not_asked_for_the_names_that_were_installed(
    installed: Path, runtime: Path, tmp_path: Path
) -> None:
    tmp_path.chmod(0o700)
    with setting(OCIO="", INTERNEG_WORKER_DIR=str(tmp_path)), Host(installed) as host:
        assert "ACEScg" in offered(host.create(EVERY, clip()))
    assert not (tmp_path / "worker.sock").exists()


def test_a_menu_without_a_worker_has_no_names(installed: Path, runtime: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    wrong = {"INTERNEG_WORKER": "/bin/false", "INTERNEG_WORKER_DIR": str(tmp_path)}
    with setting(OCIO="ocio://default", **wrong), Host(installed) as host:
        assert offered(host.create(EVERY, clip())) == ["(choose)"]


def test_the_menu_has_the_names_of_the_configuration_that_the_host_tells(
    installed: Path, runtime: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.ocio"
    config.write_text(OURS)
    managed = replace(NUKE_LIKE, api=(1, 5), colour_style="OCIO", ocio_config=str(config))
    with setting(OCIO=""), Host(installed, managed) as host:
        assert offered(host.create(EVERY, clip())) == ["(choose)", *Colour(str(config)).spaces]
