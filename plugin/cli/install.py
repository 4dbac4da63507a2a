"""`interneg install`: the OpenFX plugin and the scripts of hosts, put where hosts look."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


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
        typer.Option("--system", help="Put it into /usr/OFX/Plugins, where every host looks, for all users."),
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
    from interneg.plugin.install.place import HOSTS, SYSTEM, Place, own_folder

    if host not in HOSTS:
        raise UsageError(f"there is no host '{host}'{near(host, HOSTS)}; known are {', '.join(HOSTS)}")
    if dest is not None and system:
        raise UsageError("--dest and --system name two places: give one of them")
    folder = dest.absolute() if dest else SYSTEM if system else own_folder()
    place = Place(host, folder, own=not (dest or system))
    for line in place.take_away() if uninstall else place.fill():
        print(line)
