"""What the frames were made from, as their provenance says it: recipe, knobs, models, versions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from html import escape

from interneg.io import format_frames
from interneg.recipe import NodeTypes

_OF_A_FRAME = ("input", "key")
_HASH = re.compile(r"\b[0-9a-f]{32,}\b")


def made_html(provenance: Mapping[int, Mapping[str, str]], types: NodeTypes) -> str:
    """How the frames were made, as HTML; frames that were made otherwise than others are told apart.

    provenance: of each frame, see `made_from`; empty for one that says nothing.
    """
    groups: dict[tuple[tuple[str, str], ...], list[int]] = {}
    for number, facts in provenance.items():
        shared = tuple(sorted((k, v) for k, v in facts.items() if k not in _OF_A_FRAME))
        groups.setdefault(shared, []).append(number)
    parts = []
    if len(groups) > 1:
        ranges = "; ".join(format_frames(numbers) for numbers in groups.values())
        parts.append(f"<p><b>Not all frames were made alike: {escape(ranges)}.</b></p>")
    for shared, numbers in groups.items():
        facts = dict(shared)
        if len(groups) > 1:
            parts.append(f"<h3>Frames {escape(format_frames(numbers))}</h3>")
        if not facts:
            parts.append("<p>The files do not say what they were made from.</p>")
            continue
        parts.append(_facts(facts) + _nodes(facts.get("recipe", ""), types))
    return "".join(parts)


def spaces_of(provenance: Mapping[int, Mapping[str, str]]) -> tuple[str | None, str | None]:
    """The colour spaces of the input and the output that all the frames were made with, None where unsaid."""
    recipes = {facts.get("recipe", "") for facts in provenance.values()}
    try:
        found = [(r["input"], r["output"]) for r in map(json.loads, recipes)]
    except (ValueError, KeyError, TypeError):
        return None, None
    input, output = ({pair[side] for pair in found} for side in (0, 1))
    return (input.pop() if len(input) == 1 else None), (output.pop() if len(output) == 1 else None)


def _facts(facts: Mapping[str, str]) -> str:
    rows = {
        "Interneg": facts.get("version", ""),
        "Models": facts.get("models", "") or "none",
        "Colour": facts.get("colour", ""),
        "Cuts": facts.get("cuts", ""),
        "Synthesised": facts.get("synthesised", ""),
    }
    named = ("version", "models", "colour", "cuts", "recipe", "synthesised")
    rows |= {k: v for k, v in facts.items() if k not in named}
    told = ((k, "<br>".join(_short(escape(part)) for part in v.split("; "))) for k, v in rows.items() if v)
    return f"<dl>{''.join(f'<dt>{escape(k)}</dt><dd>{text}</dd>' for k, text in told)}</dl>"


def _nodes(recipe: str, types: NodeTypes) -> str:
    try:
        data = json.loads(recipe)
        nodes: Sequence[Mapping[str, object]] = data["nodes"]
        rows = [_node(dict(node), types) for node in nodes]
    except (ValueError, KeyError, TypeError):
        return f"<p>The recipe: {escape(recipe)}</p>"
    spaces = ", ".join(f"{k} {data[k]}" for k in ("input", "output", "depth") if data.get(k))
    heads = "<th>node</th><th></th><th>knobs; those that are not as by default come first, in bold</th>"
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return f'<p>{escape(spaces)}</p><div class="wide">{table}</div>'


def _node(node: dict[str, object], types: NodeTypes) -> str:
    name, version = str(node.pop("name")), node.pop("version", "")
    kind = types.get(name)
    usual = {f.name: f.default for f in fields(kind)} if kind else {}
    ordered = sorted(node.items(), key=lambda item: _plain(usual.get(item[0])) == _plain(item[1]))
    knobs = []
    for knob, value in ordered:
        text = escape(f"{knob} = {value if isinstance(value, str) else json.dumps(value)}")
        changed = _plain(usual.get(knob)) != _plain(value)
        knobs.append(_short(f"<b>{text}</b>" if changed else text))
    cells = f"<td class=short>version {escape(str(version))}</td><td>{', '.join(knobs)}</td>"
    return f"<tr><th>{escape(name)}</th>{cells}</tr>"


def _short(text: str) -> str:
    """HTML whose long hashes are shown by their first digits, and whole where one points at them."""
    return _HASH.sub(lambda found: f'<span title="{found[0]}">{found[0][:12]}…</span>', text)


def _plain(value: object) -> object:
    """A value as JSON brings it back."""
    return json.loads(json.dumps(value, default=str))
