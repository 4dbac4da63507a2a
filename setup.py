"""Puts the OpenFX plugin's binary into the wheel.

Building fails where the plugin cannot be compiled. INTERNEG_WITHOUT_OFX=1 asks for a wheel without it, which
fits every machine: `interneg install` then compiles the plugin where it is run, and needs a C compiler there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.errors import CompileError

WITHOUT_OFX = os.environ.get("INTERNEG_WITHOUT_OFX") == "1"

COMPILE = """
import sys
from interneg.errors import InternegError
from interneg.plugin.ofx.build import PREBUILT, compile_plugin
try:
    compile_plugin(PREBUILT)
except InternegError as error:
    sys.exit(str(error))
"""


class BuildWithPlugin(build_py):
    """Copies the packages, then lets the copy compile its C sources."""

    def run(self) -> None:
        """Build. Raises CompileError where there is no plugin in the end, and nobody asked for that."""
        super().run()
        if self.editable_mode:
            return
        binary = Path(self.build_lib, "interneg", "plugin", "ofx", "Interneg.ofx")
        binary.unlink(missing_ok=True)  # of a build before
        if WITHOUT_OFX:
            return
        command = [sys.executable, "-c", COMPILE]
        done = subprocess.run(command, cwd=self.build_lib, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode or not binary.exists():
            raise CompileError(
                f"the wheel would lack its OpenFX plugin: {done.stderr.strip()}\n"
                "Mend that, or set INTERNEG_WITHOUT_OFX=1 to build a wheel without the plugin"
            )


class PlatformWheel(bdist_wheel):
    """Fits any Python 3 on one kind of machine, or on all where it has no binary."""

    def finalize_options(self) -> None:
        """Settle."""
        super().finalize_options()
        self.root_is_pure = WITHOUT_OFX

    def get_tag(self) -> tuple[str, str, str]:
        """Python, ABI and platform."""
        return "py3", "none", "any" if WITHOUT_OFX else super().get_tag()[2]


setup(cmdclass={"build_py": BuildWithPlugin, "bdist_wheel": PlatformWheel})
