"""The worker with nodes of its own beside the product's, for tests.

`serving.py [IDLE [MEMORY [REST [PATIENCE]]]]`
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from interneg.errors import InternegError
from interneg.nodes import NODES
from interneg.plugin.worker import server, wire
from interneg.plugin.worker.serve import serve
from tests.toys import Broken, Reading, Waiting

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
