"""`interneg worker`."""

from __future__ import annotations

from typing import Annotated

import typer


def worker(
    status: Annotated[
        bool, typer.Option("--status", help="Say what the worker of this user is doing, and end.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the worker of this user.")] = False,
    idle: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="End after so long without a host that is connected."),
    ] = 300.0,
    memory_limit: Annotated[
        int | None,
        typer.Option(
            metavar="MIB",
            min=1,
            help="Memory for pictures and what is remembered of them, by default $INTERNEG_MEMORY_MB, else "
            "half of the machine's. A render that would exceed it waits. Networks take memory of their own, "
            "in tiles.",
        ),
    ] = None,
) -> None:
    """Render for the OpenFX plugin, in the foreground; hosts start a worker by themselves where none runs.

    One worker serves all hosts of a user. Its folder, with socket and log, is $INTERNEG_WORKER_DIR, else
    $XDG_RUNTIME_DIR/interneg, else /tmp/interneg-UID.
    """
    if status or stop:
        _ask(stop)
        return
    from interneg.plugin.machine.sizes import MIB
    from interneg.plugin.worker.serve import serve

    memory = None if memory_limit is None else memory_limit * MIB
    if not serve(idle=idle, memory=memory, console=True):
        print("a worker is running already; see interneg worker --status")


def _ask(stop: bool) -> None:
    from interneg.plugin.worker.client import Client
    from interneg.plugin.worker.protocol import Kind

    client = Client.connect("interneg worker")
    if client is None:
        print("no worker is running")
        return
    with client:
        if stop:
            client.ask(Kind.STOP, {})
            print(f"worker {client.welcome['pid']} ends")
            return
        found = client.ask(Kind.STATUS, {})
    hosts = [name for name in found["clients"] if name != "interneg worker"]
    print(f"worker {found['pid']}, interneg {found['version']}, up {found['uptime']:.0f} s")
    print(f"connected: {', '.join(hosts) or 'nobody'}")
    print(f"frames: {found['rendered']} rendered, {found['rendering']} in work")
    print(f"memory: {found['memory_mb']} MiB, pictures may take {found['limit_mb']} MiB")
    for engine in found["engines"]:
        print(engine)
    print(f"log: {found['log']}")
