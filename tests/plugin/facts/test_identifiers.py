from __future__ import annotations

import pytest

from interneg.nodes import NODES
from interneg.plugin.facts.identifiers import COMPATIBLE, identifier_of, parse_identifier


def test_an_identifier_is_found_again_as_hosts_write_it() -> None:
    for node in NODES.values():
        identifier = identifier_of(node)
        assert parse_identifier(identifier) == (node.__name__, None)
        in_nuke = f"OFX{identifier.lower()}_v{COMPATIBLE}"
        assert parse_identifier(in_nuke) == (node.__name__.lower(), COMPATIBLE)


@pytest.mark.parametrize("text", ["Grade", "net.sf.openfx.NoOpPlugin", "org.interneg.", "xorg.interneg.A"])
def test_other_plugins_are_not_ours(text: str) -> None:
    assert parse_identifier(text) is None
