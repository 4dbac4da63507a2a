"""`interneg install`: the OpenFX plugin and the scripts of hosts, put where hosts look."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

HOSTS = {"nuke": "Nuke", "resolve": "DaVinci Resolve", "natron": "Natron", "fusion": "Fusion Studio"}

SYSTEM = Path("/usr/OFX/Plugins")
"""Where every OpenFX host looks, on Linux."""


def install(
    host: Annotated[str, typer.Argument(metavar="HOST", help="nuke, resolve, natron or fusion.")],
    dest: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Put the bundle into this folder, and touch nothing else: for a shared one."
        ),
    ] = None,
    system: Annotated[
        bool,
        typer.Option("--system", help=f"Put it into {SYSTEM}, where every host looks, for all users."),
    ] = False,
    uninstall: Annotated[
        bool, typer.Option("--uninstall", help="Take away what was installed there for this host.")
    ] = False,
) -> None:
    """Put the OpenFX plugin and the scripts of a host in place, and say what was done.

    The plugin is compiled where there is a C compiler; else the binary that came with Interneg is used, which
    needs glibc 2.34 or newer. It renders with this Interneg, and offers the colour spaces of the OpenColorIO
    configuration that is set here. Without --dest or --system it is put into the user's own data folder.
    Installing again makes the bundle anew, with all that is in it; files of yours outside it are kept.

    Exit codes: 0 done, 2 usage, neither compiler nor binary, or a broken OCIO configuration, 6 a folder that
    cannot be written.
    """
    from interneg.errors import UsageError, near

    if host not in HOSTS:
        raise UsageError(f"there is no host '{host}'{near(host, HOSTS)}; known are {', '.join(HOSTS)}")
    if dest is not None and system:
        raise UsageError("--dest and --system name two places: give one of them")
    place = _Place(host, dest.absolute() if dest else SYSTEM if system else _own(), own=not (dest or system))
    for line in place.take_away() if uninstall else place.fill():
        print(line)


def _own() -> Path:
    import platformdirs

    return platformdirs.user_data_path("interneg") / "OFX"


@dataclass(frozen=True)
class _Place:
    """Where a host's plugin goes. own: in the user's home, where scripts of hosts are put in place, too."""

    host: str
    folder: Path
    own: bool

    def fill(self) -> list[str]:
        """Install, and say what was done and what is left to do."""
        from interneg.colour import Colour
        from interneg.plugin.install import bundle
        from interneg.plugin.install.lines import add_line, missing, put_file

        before = bundle.installed(self.folder) or bundle.Installed()
        colour = Colour()
        facts = replace(before, hosts=tuple(sorted({*before.hosts, self.host})))
        made = missing(self.folder)
        bundle.put(self.folder, colour.spaces, facts)
        inside = bundle.resources(self.folder)
        said = [
            f"wrote {bundle.path(self.folder)}, which renders with {bundle.python(self.folder)}",
            f"wrote {inside / 'spaces.json'}: {len(colour.spaces)} roles and colour spaces of {colour.name}, "
            + (f"which is $OCIO, {env}" if (env := os.environ.get("OCIO")) else "as $OCIO is not set"),
        ]
        if self.own and self.host == "nuke":
            path = _nuke_init()
            made += missing(path.parent)
            new = add_line(path, f"import nuke; nuke.pluginAddPath({str(inside / 'nuke')!r})")
            made += [path] if new else []
            said.append(
                f"{'made' if new else 'added a line to'} {path}: Nuke finds the toolbar, menu and plugin"
            )
        elif self.own and self.host == "resolve":
            path = _resolve_script()
            made += missing(path.parent)
            put_file(inside / "resolve" / "interneg_status.py", path)
            said.append(f"wrote {path}: Workspace > Scripts > Interneg status")
        if made:
            bundle.mark(self.folder, replace(facts, created=(*facts.created, *map(str, made))))
        return said + self._left(inside)

    def _left(self, inside: Path) -> list[str]:
        """What the user has to do."""
        name, left = HOSTS[self.host], []
        named = os.environ.get("OFX_PLUGIN_PATH", "").split(os.pathsep)
        # In Nuke the script that was added sees to it.
        if self.folder != SYSTEM and str(self.folder) not in named and not (self.own and self.host == "nuke"):
            path = ('"$OFX_PLUGIN_PATH":' if any(named) else "") + shlex.quote(str(self.folder))
            left.append(
                f"to do: export OFX_PLUGIN_PATH={path} where {name} is started, or install with --system"
            )
        if not self.own and self.host == "nuke":
            left.append(
                f"to do: add {shlex.quote(str(inside / 'nuke'))} to NUKE_PATH, for the toolbar and menu"
            )
        return [*left, f"to do: start {name} anew"]

    def take_away(self) -> list[str]:
        """Uninstall, and say what was done."""
        from interneg.plugin.install import bundle
        from interneg.plugin.install.lines import remove_empty, remove_file, remove_line

        said = []
        facts = bundle.installed(self.folder) or bundle.Installed()
        if self.own and self.host == "nuke" and remove_line(_nuke_init()):
            said.append(f"took the line out of {_nuke_init()}")
        elif self.own and self.host == "resolve" and remove_file(_resolve_script()):
            said.append(f"removed {_resolve_script()}")
        left = tuple(h for h in facts.hosts if h != self.host)
        if left == facts.hosts:
            return said or [f"nothing was installed for {HOSTS[self.host]} in {self.folder}"]
        if not left:
            bundle.remove(self.folder)
            said.append(f"removed {bundle.path(self.folder)}")
        created = [Path(path) for path in facts.created]
        said += [f"removed {path}, which was made for it" for path in remove_empty(created)]
        if left:
            still = tuple(str(path) for path in created if path.exists())
            bundle.mark(self.folder, replace(facts, hosts=left, created=still))
            said.append(f"kept {bundle.path(self.folder)}, installed for {', '.join(left)}, too")
        return said


def _nuke_init() -> Path:
    return Path.home() / ".nuke" / "init.py"


def _resolve_script() -> Path:
    import platformdirs

    return platformdirs.user_data_path("DaVinciResolve") / "Fusion/Scripts/Utility/Interneg status.py"
