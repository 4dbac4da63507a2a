"""`python -I -m interneg.plugin.worker [--idle S] [--memory-limit MIB]`: how hosts start the worker."""

from __future__ import annotations

import argparse
import logging
import os
import sys

from interneg.errors import InternegError
from interneg.plugin.machine.sizes import MIB
from interneg.plugin.worker.serve import IDLE, serve

parser = argparse.ArgumentParser(prog="python -m interneg.plugin.worker")
parser.add_argument("--idle", type=float, default=IDLE, help="seconds after which a lone worker ends")
parser.add_argument("--memory-limit", type=int, help="MiB for pictures, else $INTERNEG_MEMORY_MB")
chosen = parser.parse_args()
code = 0
try:
    serve(idle=chosen.idle, memory=None if chosen.memory_limit is None else chosen.memory_limit * MIB)
except InternegError as error:
    print(f"interneg worker: {error}", file=sys.stderr)
    code = error.exit_code
logging.shutdown()
sys.stderr.flush()
os._exit(code)  # a frame may still be inside a network, which nothing can call off
