"""Parts of Nuke scripts to put together, and `interneg render` run on them."""

from __future__ import annotations

from typer.testing import CliRunner, Result

from interneg.plugin.cli.main import app

HEAD = """#! /usr/local/Nuke15.1v3/libnuke-15.1.3.so -nx
version 15.1 v3
define_window_layout_xml {<?xml version="1.0" encoding="UTF-8"?>
<layout version="1.0">
    <window x="0" y="0"/>
</layout>
}
Root {
 inputs 0
 name comp.nk
 first_frame 1001
 last_frame 1050
 format "2048 1556 0 0 2048 1556 1 2K_Super_35(full-ap)"
 onScriptLoad "print(\\"\\{ never run \\[exit]\\")"
}
"""

READ = """Read {
 inputs 0
 file_type exr
 file in/plate.%04d.exr
 first 1001
 last 1004
 origset true
 name Read1
 xpos 10
}
"""

OURS = """OFXorg.interneg.denoisesr_v1 {
 strength 0.5
 scale 2
 noise_auto false
 noise {7.5}
 fidelity_lock true
 name DenoiseSR1
 label "\\[value noise]"
 selected true
 xpos -40
}
"""

WRITE = """Write {
 file out/made.%04d.exr
 file_type exr
 name Write1
}
"""

BOTH = "set N [stack 0]\n" + WRITE + "push $N\n" + WRITE.replace("Write1", "Write2")


def ours(**knobs: str) -> str:
    lines = "".join(f" {name} {value}\n" for name, value in knobs.items())
    return f"OFXorg.interneg.denoisesr_v1 {{\n{lines} name DenoiseSR1\n}}\n"


def render(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["render", *map(str, arguments)])
