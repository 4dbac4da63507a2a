"""The worker with the product's nodes and HOSTED of toys.py: what $INTERNEG_WORKER names in tests."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from interneg.nodes import NODES
from interneg.plugin.worker.serve import serve
from tests.toys import HOSTED

serve({**NODES, **HOSTED}, idle=20)
logging.shutdown()
os._exit(0)  # a node may still be waiting
