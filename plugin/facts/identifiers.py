"""By which names hosts know the nodes: `org.interneg.DenoiseSR`, and how Nuke and Natron write that."""

from __future__ import annotations

import re

from interneg.node import Node

COMPATIBLE = 1
"""The major version: it rises where scripts saved with a node could no longer be opened."""

_PREFIX = "org.interneg."
_IN_HOSTS = re.compile(rf"(?:OFX)?{re.escape(_PREFIX)}(\w+?)(?:_v(\d+))?", re.IGNORECASE)


def identifier_of(node: type[Node]) -> str:
    """The node's OpenFX identifier."""
    return _PREFIX + node.__name__


def parse_identifier(text: str) -> tuple[str, int | None] | None:
    """The name of a node's class, in any case, and the major version where the host writes it.

    text: an identifier as a host's script has it, "OFXorg.interneg.denoisesr_v1" in Nuke. None for any other.
    """
    found = _IN_HOSTS.fullmatch(text)
    if found is None:
        return None
    name, version = found.groups()
    return name, None if version is None else int(version)
