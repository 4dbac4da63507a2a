"""Lets Nuke find the OpenFX bundle that this folder lies in, with a GUI and without."""

from __future__ import annotations

import os

_BUNDLE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
_FOLDERS = [f for f in os.environ.get("OFX_PLUGIN_PATH", "").split(os.pathsep) if f]

if os.path.dirname(_BUNDLE) not in _FOLDERS:
    os.environ["OFX_PLUGIN_PATH"] = os.pathsep.join([*_FOLDERS, os.path.dirname(_BUNDLE)])
