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
from pathlib import Path

import interneg
from interneg.errors import OutputError, UsageError

BUNDLE = "Interneg.ofx.bundle"

_HERE = Path(__file__).parent
_ARCHITECTURE = f"{platform.system()}-{platform.machine().replace('_', '-')}"
"""How OpenFX names the folder of a machine's binaries: Linux-x86-64."""

PREBUILT = _HERE / "Interneg.ofx"
"""The binary that a wheel brings along; one that is built where it is used fits the C library there."""

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

_WARNINGS = ("-Wall", "-Wextra", "-Wpedantic")
_SANITIZE = ("-g", "-O1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover")


def build(
    destination: Path, sanitize: bool = False, compiler: str | None = None, strict: bool = False
) -> Path:
    """Build the bundle in the folder `destination`, in place of one that lies there, and return its path.

    The worker of the bundle is this interpreter's. Where it cannot be compiled, the wheel's binary is taken,
    and standard error says why; not in place of a `compiler` that is named, nor of a build with `sanitize`.
    sanitize: with the address and undefined-behaviour sanitizers. compiler: the command; by default $CC, else
    cc, gcc or clang, whichever is found. strict: whether warnings are errors.

    Raises UsageError where there is neither compiler nor binary, or not Linux, and OutputError where it
    cannot be built.
    """
    if platform.system() != "Linux":
        raise UsageError(f"the OpenFX plugin is built on Linux; on {platform.system()} it has not been tried")
    bundle = destination / BUNDLE
    fresh = destination / f".{BUNDLE}.{os.getpid()}"
    binary = fresh / "Contents" / _ARCHITECTURE / "Interneg.ofx"
    try:
        shutil.rmtree(fresh, ignore_errors=True)
        binary.parent.mkdir(parents=True)
        try:
            compile_plugin(binary, sanitize, compiler, strict)
        except (UsageError, OutputError) as error:
            if compiler or sanitize or not PREBUILT.exists():
                raise
            shutil.copy(PREBUILT, binary)
            print(f"the plugin's binary is the one that came with Interneg, as {error}", file=sys.stderr)
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
    """The command of a C compiler. Raises UsageError where there is none."""
    asked = compiler or os.environ.get("CC")
    for name in [asked] if asked else ["cc", "gcc", "clang"]:
        command = shlex.split(name)
        if command and shutil.which(command[0]):
            return command
    raise UsageError(
        f"no C compiler{f' {asked!r}' if asked else ''} is found, and the OpenFX plugin is built with one: "
        "install gcc (Debian, Ubuntu: apt install gcc; Rocky, Fedora: dnf install gcc), or name one in $CC"
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
