"""The build backend: setuptools, and for a wheel with the OpenFX plugin the compiler that it is built with.

Editable installs need no compiler, and get none: `make demo` stays small.
"""

from __future__ import annotations

import os

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - the other hooks are setuptools' own

ZIG = "ziglang>=0.17.1"


def get_requires_for_build_wheel(config_settings: dict[str, str] | None = None) -> list[str]:
    """What building a wheel needs beside setuptools."""
    needed: list[str] = build_meta.get_requires_for_build_wheel(config_settings)
    without = os.environ.get("INTERNEG_WITHOUT_OFX") == "1"
    return needed if without or os.environ.get("CC") else [*needed, ZIG]
