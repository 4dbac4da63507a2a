"""What the doctor found, for the terminal: what does not work is numbered, with a note on what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from interneg.errors import near
from interneg.plugin.doctor.engine_table import engine_lines, engine_table
from interneg.plugin.doctor.notes import Notes
from interneg.plugin.facts.variables import VARIABLES

_SHOWN = 4
"""Missing look-up tables that are named."""


def show(facts: dict[str, Any]) -> None:
    """Print the facts of `examine`."""
    console, notes = Console(), Notes()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")

    def row(name: str, *lines: str) -> None:
        table.add_row(name, Text("\n".join(lines)))

    cpu, memory = facts["cpu"], facts["memory"]
    row("interneg", f"{facts['interneg']}, Python {facts['python']}, {facts['system']}")
    there = [f"{n} {v}" for n, v in facts["packages"].items() if v]
    row("packages", ", ".join(there))
    row("not installed", ", ".join(n for n, v in facts["packages"].items() if not v) or "nothing is lacking")
    features = "features unknown" if cpu["features"] is None else ", ".join(cpu["features"]) or "no AVX"
    row("processor", f"{cpu['name']}, {cpu['cores']} cores ({features})")
    row("memory", f"{memory['free_gib']} of {memory['total_gib']} GiB free")
    row("GPUs", *(map(_gpu, facts["gpus"]) if facts["gpus"] else ("none found (nvidia-smi shows none)",)))
    row("colour", _colour(facts["colour"], notes))
    row("store", *(_store(store, notes) for store in facts["store"]))
    row("nodes", *_nodes(facts["nodes"], notes))
    row("worker", _worker(facts["worker"], notes))
    bundles = [_bundle(bundle, notes) for bundle in facts["bundles"]]
    row("plugin", *(bundles or ["in no folder that hosts look into"]))
    variables = [_variable(name, value, notes) for name, value in facts["variables"].items()]
    row("variables", *(variables or ["none is set"]))
    for name, runtime in facts["runtimes"].items():
        row(name, runtime.get("unavailable") or f"{runtime['version']} on {runtime['device']}")
    console.print(table)
    console.print()
    console.print(engine_table(facts, notes))
    for line in (*engine_lines(facts), *notes.lines):
        console.print(Text(line))


def _nodes(nodes: dict[str, str], notes: Notes) -> list[str]:
    left_out = [f"not {name} {notes.number(reason)}" for name, reason in nodes.items() if reason]
    return [", ".join(name for name, reason in nodes.items() if not reason), *left_out]


def _gpu(gpu: dict[str, Any]) -> str:
    return f"{gpu['name']} ({gpu['compute']}), {gpu['memory_mib']} MiB, driver {gpu['driver']}"


def _colour(colour: dict[str, Any], notes: Notes) -> str:
    if problem := colour.get("problem"):
        return f"no configuration ({colour['origin']}) {notes.number(problem)}"
    shown = f"{colour['config']} ({colour['origin']})"
    if missing := colour["missing_tables"]:
        few = ", ".join(missing[:_SHOWN]) + ", ..." * (len(missing) > _SHOWN)
        note = f"spaces that need one of these look-up tables cannot be used until it is there: {few}"
        shown += f", {len(missing)} look-up table{'s' * (len(missing) > 1)} missing {notes.number(note)}"
    return shown


def _store(store: dict[str, Any], notes: Notes) -> str:
    if store["unmounted"]:
        parent = Path(store["folder"]).parent
        note = f"{parent} is not there: mount the share, or make the folder; no engines are built until then"
        return f"{store['folder']}, NOT there {notes.number(note)}"
    if store["writable"]:
        return str(store["folder"])
    note = f"{store['folder']} is not writable: engines can be read there, not built into it"
    return f"{store['folder']}, NOT writable {notes.number(note)}"


def _worker(worker: dict[str, Any], notes: Notes) -> str:
    if worker["problem"]:
        return f"in {worker['folder']}: does not answer {notes.number(worker['problem'])}"
    if worker["pid"] is None:
        return f"none is running; hosts start one in {worker['folder']}"
    return f"process {worker['pid']}, interneg {worker['version']}, log {worker['log']}"


def _bundle(bundle: dict[str, Any], notes: Notes) -> str:
    if bundle["problem"]:
        return f"{bundle['path']} {notes.number(bundle['problem'])}"
    return f"{bundle['path']}, interneg {bundle['version']}, for {', '.join(bundle['hosts'])}"


def _variable(name: str, value: str, notes: Notes) -> str:
    if name in VARIABLES:
        return f"{name}={value} ({VARIABLES[name]})"
    return f"{name}={value} {notes.number(f'nothing reads {name}{near(name, VARIABLES)}: unset it')}"
