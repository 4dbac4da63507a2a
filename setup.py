"""Puts the OpenFX plugin's binary into the wheel.

It is compiled with ziglang, from PyPI, for glibc 2.28, so that one wheel fits every current distribution,
whatever the machine that builds it has; $CC names another compiler, and then the wheel fits systems whose
glibc is as new as the builder's. Building fails where the plugin cannot be compiled. INTERNEG_WITHOUT_OFX=1
asks for a wheel without it, which fits every machine: `interneg install` then compiles the plugin where it is
run, and needs a C compiler there.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.errors import CompileError

WITHOUT_OFX = os.environ.get("INTERNEG_WITHOUT_OFX") == "1"
OWN_COMPILER = bool(os.environ.get("CC"))

COMPILE = """
import sys
from interneg.errors import InternegError
from interneg.plugin.ofx.build import PREBUILT, compile_for_wheel
try:
    compile_for_wheel(PREBUILT)
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

    def get_tag(self) -> tuple[str, str, str]:
        """Python, ABI and platform."""
        here = super().get_tag()[2]
        oldest = here.replace("linux_", "manylinux_2_28_", 1) if here.startswith("linux_") else here
        return "py3", "none", "any" if WITHOUT_OFX else here if OWN_COMPILER else oldest


class WithBinary(Distribution):
    """Goes where binaries belong, unless it has none."""

    def has_ext_modules(self) -> bool:
        """Whether it has one."""
        return not WITHOUT_OFX


setup(distclass=WithBinary, cmdclass={"build_py": BuildWithPlugin, "bdist_wheel": PlatformWheel})
