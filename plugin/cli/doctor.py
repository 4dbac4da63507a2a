"""`interneg doctor`: what is installed, what this machine has, and which engines it can open."""

from __future__ import annotations

import json
from typing import Annotated

import typer


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for tools.")] = False,
) -> None:
    """Show what is installed, the processor and GPUs, and which runtimes open which models, or why not.

    Every model is opened and qualified once on every runtime and at every precision, which takes some
    seconds the first time.
    """
    from interneg.plugin.doctor.examine import examine

    facts = examine()
    if as_json:
        print(json.dumps(facts, indent=2))
    else:
        from interneg.plugin.doctor.screen import show

        show(facts)
