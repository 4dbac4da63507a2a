"""The nodes, one file each; a file that is added here is found, and so are nodes of installed packages."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from interneg.gather import InFiles, gather
from interneg.node import Node
from interneg.packages import stated

OWN: Mapping[str, type[Node]] = InFiles(sys.modules[__name__])
"""Interneg's own nodes, by the names that recipes use."""

_gathered = gather(OWN, stated())

NODES: Mapping[str, type[Node]] = _gathered.nodes
"""Every node: Interneg's own and those of installed packages (see interneg.packages)."""

FAILURES: Mapping[str, str] = _gathered.failures
"""Why a node that an installed package states is not among NODES, by its name."""
