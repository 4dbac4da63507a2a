"""Building the bundle: `Interneg.ofx.bundle`, out of the C sources that lie beside this file.

`python -m interneg.plugin.ofx.build DESTINATION` is what `make plugin` runs.
"""

from __future__ import annotations

import json
import os
import platform
import plistlib
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import interneg
from interneg.errors import OutputError, UsageError

BUNDLE = "Interneg.ofx.bundle"

_HERE = Path(__file__).parent
_ARCHITECTURE = f"{platform.system()}-{platform.machine().replace('_', '-')}"
"""How OpenFX names the folder of a machine's binaries: Linux-x86-64."""

PREBUILT = _HERE / "Interneg.ofx"
"""The binary that a wheel brings along; a checkout has none."""

GLIBC = "2.28"
"""The oldest C library that a wheel's binary runs with: that of Debian 10, Rocky 8 and Ubuntu 18.10."""

_INFO = {
    "CFBundleDevelopmentRegion": "en",
    "CFBundleExecutable": "Interneg.ofx",
    "CFBundleIdentifier": "org.interneg",
    "CFBundleInfoDictionaryVersion": "6.0",
    "CFBundleName": "Interneg",
    "CFBundlePackageType": "BNDL",
    "CFBundleVersion": interneg.__version__,
}
"""What OpenFX wants a bundle to say of itself: Contents/Info.plist."""

_LINUX = f"the OpenFX plugin is built on Linux; on {platform.system()} it has not been tried"
_ZIG = (sys.executable, "-m", "ziglang", "cc")
_WARNINGS = ("-Wall", "-Wextra", "-Wpedantic")
_SANITIZE = ("-g", "-O1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover")


def build(
    destination: Path, sanitize: bool = False, compiler: str | None = None, strict: bool = False
) -> Path:
    """Build the bundle in the folder `destination`, in place of one that lies there, and return its path.

    The worker of the bundle is this interpreter's. The binary is the wheel's; in a checkout, and where a
    `compiler` or `sanitize` is asked for, it is compiled. sanitize: with the address and undefined-behaviour
    sanitizers. compiler: the command; see `find_compiler`. strict: whether warnings are errors.

    Raises UsageError where there is neither binary nor compiler, or not Linux, and OutputError where it
    cannot be built.
    """
    if platform.system() != "Linux":
        raise UsageError(_LINUX)
    bundle = destination / BUNDLE
    fresh = destination / f".{BUNDLE}.{os.getpid()}"
    binary = fresh / "Contents" / _ARCHITECTURE / "Interneg.ofx"
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        binary.parent.mkdir(parents=True)
        if PREBUILT.exists() and not (compiler or sanitize):
            shutil.copy(PREBUILT, binary)
        else:
            compile_plugin(binary, sanitize, compiler, strict)
        _fill(fresh / "Contents" / "Resources")
        (fresh / "Contents" / "Info.plist").write_bytes(plistlib.dumps(_INFO))
        shutil.rmtree(bundle, ignore_errors=True)
        fresh.rename(bundle)
    except OSError as error:
        raise OutputError(f"the bundle cannot be built in {destination}: {error}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return bundle


def compile_plugin(
    binary: Path, sanitize: bool = False, compiler: str | None = None, strict: bool = False
) -> None:
    """Compile the plugin's sources into its binary. Raises as `build` does."""
    compile_c(sorted(_HERE.glob("*.c")), binary, ("-fPIC", "-shared", "-ldl"), sanitize, compiler, strict)


def compile_for_wheel(binary: Path) -> None:
    """Compile the plugin for Linux with glibc 2.28 or newer, with ziglang; or with $CC, where that is set.

    Raises UsageError where there is no such compiler, or not Linux, and OutputError where it fails.
    """
    if platform.system() != "Linux":
        raise UsageError(_LINUX)
    if not os.environ.get("CC") and find_spec("ziglang") is None:
        raise UsageError(
            "the plugin of a wheel is compiled with ziglang, which is not installed: pip install ziglang, or "
            "let pip build in isolation, as it does by default; or name a compiler for this system in $CC"
        )
    zig = shlex.join([*_ZIG, "-target", f"{platform.machine()}-linux-gnu.{GLIBC}"])
    compile_plugin(binary, compiler=os.environ.get("CC") or zig)


def compile_c(
    sources: list[Path],
    binary: Path,
    options: tuple[str, ...] = (),
    sanitize: bool = False,
    compiler: str | None = None,
    strict: bool = False,
) -> None:
    """Compile C sources into one binary. Raises as `build` does."""
    command = [
        *find_compiler(compiler), "-std=c11", "-fvisibility=hidden", *_WARNINGS,
        *(("-Werror",) if strict else ()), *(_SANITIZE if sanitize else ("-O2",)),
        f"-I{_HERE}", *map(str, sources), "-o", str(binary), *options, "-lm", "-pthread",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OutputError(f"{shlex.join(command)} failed:\n{done.stderr.strip()}")


def find_compiler(compiler: str | None = None) -> list[str]:
    """The command of a C compiler: the one that is named, here or in $CC, else cc, gcc, clang or ziglang.

    Raises UsageError where there is none.
    """
    asked = compiler or os.environ.get("CC")
    for name in [asked] if asked else ["cc", "gcc", "clang"]:
        command = shlex.split(name)
        if command and shutil.which(command[0]):
            return command
    if not asked and find_spec("ziglang"):
        return list(_ZIG)
    raise UsageError(
        f"no C compiler{f' {asked!r}' if asked else ''} is found, and the OpenFX plugin is built with one: "
        "install gcc (Debian, Ubuntu: apt install gcc; Rocky, Fedora: dnf install gcc) or ziglang (pip "
        "install ziglang), or name one in $CC"
    )


def _fill(resources: Path) -> None:
    """Write what the shell and hosts read: the nodes, their icons and help, and the worker's command."""
    # Not above: a wheel's binary is compiled where nothing that nodes need is installed.
    from interneg.nodes import OWN
    from interneg.plugin.ofx import nodes

    resources.mkdir()
    nodes.write(resources, OWN.values())
    command = [sys.executable, "-I", "-m", "interneg.plugin.worker"]
    text = json.dumps({"command": command}, indent=1) + "\n"
    (resources / "worker.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    print(build(Path(sys.argv[1])))
