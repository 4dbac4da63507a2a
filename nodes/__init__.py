"""The nodes, one public file each."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from interneg.node import Node
from interneg.nodes.deflicker import Deflicker
from interneg.nodes.denoise_sr import DenoiseSR
from interneg.nodes.stabilise import Stabilise


def _by_name(*types: type[Node]) -> Mapping[str, type[Node]]:
    found = {t.name: t for t in types}
    if len(found) != len(types):
        raise ValueError(f"two nodes share a name: {[t.name for t in types]}")
    return MappingProxyType(found)


NODES: Mapping[str, type[Node]] = _by_name(DenoiseSR, Deflicker, Stabilise)
"""Every node by the name that recipes use."""
