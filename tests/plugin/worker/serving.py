"""The worker with nodes of its own beside the product's, for tests.

`serving.py [IDLE [MEMORY [REST [PATIENCE]]]]`
"""

from __future__ import annotations

import logging
import os
import sys
import time
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from interneg.colour import WorkingSpace
from interneg.errors import InternegError
from interneg.frame import Pixels
from interneg.knobs import knob
from interneg.node import Node, View
from interneg.nodes import NODES
from interneg.plugin.worker import server, wire
from interneg.plugin.worker.serve import serve


@dataclass(frozen=True, kw_only=True)
class Waiting(Node):
    """The input plus 1, after a while."""

    name: ClassVar[str] = "waiting"
    label: ClassVar[str] = "Waiting"
    help: ClassVar[str] = "Takes its time."
    version: ClassVar[int] = 1
    working_space: ClassVar[WorkingSpace] = WorkingSpace.LINEAR_RGB
    layers: ClassVar[str] = "Treats R, G, B; alpha passes through."

    seconds: float = knob(0.0, "float", "Seconds", "How long it takes.", hard=(0, 60))

    def process(self, view: View) -> Pixels:
        time.sleep(self.seconds)
        return view.planes() + np.float32(1)


@dataclass(frozen=True, kw_only=True)
class Reading(Waiting):
    """The input plus the number of bytes of a file."""

    name: ClassVar[str] = "reading"

    file: str = knob("", "file", "File", "What is read.")

    def process(self, view: View) -> Pixels:
        return view.planes() + np.float32(len(view.context.read(self.file)))


class Broken(Waiting):
    """A node with a fault."""

    name: ClassVar[str] = "broken"

    def process(self, view: View) -> Pixels:
        raise RuntimeError("a fault of the node's")


defaults = (20.0, 1000.0, 30.0, 10.0)
idle, memory, server.REST, wire.PATIENCE = [*map(float, sys.argv[1:]), *defaults[len(sys.argv) - 1 :]]
code = 0
try:
    served = serve(
        {**NODES, "waiting": Waiting, "reading": Reading, "broken": Broken},
        idle=idle,
        memory=int(memory * 2**20),
    )
    code = 0 if served else 100
except InternegError as error:
    print(error, file=sys.stderr)
    code = error.exit_code
logging.shutdown()
os._exit(code)  # a node may still be waiting
