"""Puts the OpenFX plugin's binary into the wheel, where there is a C compiler to build it."""

from __future__ import annotations

import subprocess
import sys

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

COMPILE = "from interneg.plugin.ofx.build import PREBUILT, compile_plugin; compile_plugin(PREBUILT)"


class BuildWithPlugin(build_py):
    """Copies the packages, then lets the copy compile its C sources, if there is a compiler."""

    def run(self) -> None:
        """Build."""
        super().run()
        if not self.editable_mode:
            subprocess.run([sys.executable, "-c", COMPILE], cwd=self.build_lib, check=False)


class PlatformWheel(bdist_wheel):
    """Fits any Python 3 on one kind of machine."""

    def finalize_options(self) -> None:
        """Settle."""
        super().finalize_options()
        self.root_is_pure = False

    def get_tag(self) -> tuple[str, str, str]:
        """Python, ABI and platform."""
        return "py3", "none", super().get_tag()[2]


setup(cmdclass={"build_py": BuildWithPlugin, "bdist_wheel": PlatformWheel})
