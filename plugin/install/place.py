"""Where a host's plugin and scripts go, and how they are put there and taken away again."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path

from interneg.colour import Colour
from interneg.home import data_folder, home_folder
from interneg.plugin.install import bundle
from interneg.plugin.install.lines import add_line, missing, put_file, remove_empty, remove_file, remove_line

HOSTS = {"nuke": "Nuke", "resolve": "DaVinci Resolve", "natron": "Natron", "fusion": "Fusion Studio"}

SYSTEM = Path("/usr/OFX/Plugins")
"""Where every OpenFX host looks, on Linux."""


def own_folder() -> Path:
    """Where the user's own plugins go."""
    return data_folder() / "OFX"


@dataclass(frozen=True)
class Place:
    """Where a host's plugin goes. own: in the user's home, where scripts of hosts are put in place, too."""

    host: str
    folder: Path
    own: bool

    def fill(self) -> list[str]:
        """Install, and say what was done and what is left to do."""
        before = bundle.installed(self.folder) or bundle.Installed()
        colour = Colour()
        facts = replace(before, hosts=tuple(sorted({*before.hosts, self.host})))
        made = missing(self.folder)
        bundle.put(self.folder, _config(), colour.spaces, facts)
        inside = bundle.resources(self.folder)
        done = [
            f"wrote {bundle.path(self.folder)}, which renders with {bundle.python(self.folder)}",
            f"wrote {inside / 'spaces.json'}: {len(colour.spaces)} roles and colour spaces of {colour.name}, "
            + (f"which is $OCIO, {env}" if (env := os.environ.get("OCIO")) else "as $OCIO is not set"),
        ]
        if self.own and self.host == "nuke":
            path = _nuke_init()
            made += missing(path.parent)
            new = add_line(path, f"import nuke; nuke.pluginAddPath({str(inside / 'nuke')!r})")
            made += [path] if new else []
            done.append(
                f"{'made' if new else 'added a line to'} {path}: Nuke finds the toolbar, menu and plugin"
            )
        elif self.own and self.host == "resolve":
            for name in bundle.RESOLVE:
                path = _resolve_script(name)
                made += missing(path.parent)
                put_file(inside / "resolve" / f"{name}.py", path)
                done.append(f"wrote {path}: Workspace > Scripts > {path.stem}")
        if made:
            bundle.mark(self.folder, replace(facts, created=(*facts.created, *map(str, made))))
        return done + self._left(inside)

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
        done = []
        facts = bundle.installed(self.folder) or bundle.Installed()
        if self.own and self.host == "nuke" and remove_line(_nuke_init()):
            done.append(f"took the line out of {_nuke_init()}")
        elif self.own and self.host == "resolve":
            paths = [_resolve_script(name) for name in bundle.RESOLVE]
            done += [f"removed {path}" for path in paths if remove_file(path)]
        left = tuple(h for h in facts.hosts if h != self.host)
        if left == facts.hosts:
            return done or [f"nothing was installed for {HOSTS[self.host]} in {self.folder}"]
        if not left:
            bundle.remove(self.folder)
            done.append(f"removed {bundle.path(self.folder)}")
        created = [Path(path) for path in facts.created]
        done += [f"removed {path}, which was made for it" for path in remove_empty(created)]
        if left:
            still = tuple(str(path) for path in created if path.exists())
            bundle.mark(self.folder, replace(facts, hosts=left, created=still))
            done.append(f"kept {bundle.path(self.folder)}, installed for {', '.join(left)}, too")
        return done


def _config() -> str:
    """$OCIO, as the plugin finds it in a host."""
    config = os.environ.get("OCIO", "")
    return config if not config or config.startswith("ocio://") else os.path.abspath(config)


def _nuke_init() -> Path:
    return home_folder() / ".nuke" / "init.py"


def _resolve_script(name: str) -> Path:
    shown = f"{name.capitalize().replace('_', ' ')}.py"
    return data_folder("DaVinciResolve") / "Fusion/Scripts/Utility" / shown
