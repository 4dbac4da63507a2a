"""A node of ours in a host's script, and the node that it is with its knobs set."""

from __future__ import annotations

import re

from interneg.curve import Curve
from interneg.errors import KnobError, RecipeError, near
from interneg.knobs import AUTO, Knob, defaults_of, knobs_of
from interneg.node import Node
from interneg.plugin.facts.buttons import buttons_of
from interneg.plugin.facts.identifiers import COMPATIBLE, parse_identifier
from interneg.plugin.facts.own_names import OWN, joined, texts_of
from interneg.plugin.scripts.hostfile import HostNode, Unnamed, Varying
from interneg.recipe import NodeTypes

_SHELL = ("input_space", "input_space_menu", "use_mask")
"""Parameters that the plugin adds to the knobs of every node."""

_NUKE = """
    name inputs label note_font note_font_size note_font_color tile_color gl_color icon indicators autolabel
    help selected hide_input xpos ypos cached dope_sheet bookmark postage_stamp postage_stamp_frame disable
    lifetimeStart lifetimeEnd lock_connections mapsize window panel onCreate onDestroy knobChanged updateUI
    process_mask maskChannelInput maskChannelMask views useGPUIfAvailable
"""
_NATRON = """
    disableNode nodeLifeTime userTextArea enablePreview hideInputs forceCaching highDefUpstream channels
    processAllPlanes premultWarning onParamChanged onInputChanged beforeFrameRender afterFrameRender
    beforeRender afterRender nodeInfos
"""
_HOST = frozenset((_NUKE + _NATRON).split())
_HOST_PATTERN = re.compile(
    r"Natron(?:Ofx|Param)\w+|(?:enableMask|maskChannel|enableInput|inputChannel|useFullScale)\w*|"
    r"\w+_(?:channels|layer_name)|group_\w+"
)
"""Knobs that hosts give every node, and that change no pixel of what it renders."""


def is_ours(node: HostNode) -> bool:
    """Whether a node of a script is one of Interneg."""
    return parse_identifier(node.kind) is not None


def require_all_channels(node: HostNode) -> None:
    """Raise RecipeError where Natron's boxes R, G, B and A leave a channel of a node as it was."""
    left = [c for c in "RGBA" if not is_on(node, f"NatronOfxParamProcess{c}", True)]
    if left:
        raise RecipeError(
            f"{node.name} has {', '.join(left)} unticked, so that Natron leaves that out of what the node "
            "does; here a node does all channels: tick R, G, B and A in the project, or render in Natron"
        )


def uses_mask(node: HostNode) -> bool:
    """Whether a connected mask counts: Use mask, and in Natron the box Mask and the channel beside it.

    Raises RecipeError for a channel that is not the one that counts here.
    """
    channel = text_of(node, "maskChannel_Mask")
    if isinstance(channel, Unnamed) and channel.isdecimal():
        channel = dict(enumerate(("None", "R", "G", "B", "A"))).get(int(channel), channel)
    if not is_on(node, "use_mask") or not is_on(node, "enableMask_Mask", True) or channel == "None":
        return False
    if channel and channel.rpartition(".")[2] not in ("A", "a", "alpha"):
        raise RecipeError(
            f"{node.name} takes its mask from the channel {channel}; here a mask's alpha counts: put it into "
            "the alpha in the project, or give --mask"
        )
    return True


def node_of(placed: HostNode, types: NodeTypes) -> Node:
    """The node as it is set in the script.

    Raises RecipeError for a node that there is not, a knob that changes over time as no recipe can say, and
    channels that Natron keeps it from, KnobError for an unknown knob and a value that does not fit.
    """
    kind = _type(placed, types)
    require_all_channels(placed)
    knobs, defaults = knobs_of(kind), defaults_of(kind)
    automatic = {f"{name}_{AUTO}": name for name, knob in knobs.items() if knob.auto}
    texts = texts_of(kind)
    own = {*automatic, *_SHELL, *buttons_of(kind)}
    values: dict[str, object] = {}
    for name in placed.settings:
        if name in knobs:
            values[name] = _value(placed, name, knobs[name])
        elif name in texts:
            values[name] = text_of(placed, name)
        elif name not in own and name not in _HOST and not _HOST_PATTERN.fullmatch(name):
            raise KnobError(
                f"{placed.name} has a knob '{name}'{near(name, [*knobs, *own])}, which {kind.name} has not; "
                "it may come from another version of it, or be the host's and change the picture there"
            )
    for switch, name in automatic.items():
        if is_on(placed, switch, defaults[name] == AUTO):
            values[name] = AUTO
        elif defaults[name] == AUTO:
            values.setdefault(name, knobs[name].slider[0])  # where the plugin's number begins
    try:
        return kind.with_knobs(joined(kind, values))
    except KnobError as error:
        raise KnobError(f"{placed.name}: {error}") from None


def _value(placed: HostNode, name: str, knob: Knob) -> str | Curve:
    setting = placed.settings[name]
    if isinstance(setting, Varying) and setting.only is None and knob.kind == "float" and knob.animatable:
        return setting.curve or text_of(placed, name, knob)
    if isinstance(setting, Unnamed) and knob.kind == "choice" and setting.isdecimal():
        choices = (*knob.choices, *([OWN] if knob.others else []))
        return dict(enumerate(choices)).get(int(setting), setting)
    return text_of(placed, name, knob)


def text_of(placed: HostNode, name: str, knob: Knob | None = None) -> str:
    """The value of a knob as text, empty where the script has none. Raises RecipeError where it changes."""
    setting = placed.settings.get(name, "")
    if not isinstance(setting, Varying):
        return setting
    # The key of a choice is a number, and what it counts is the host's matter.
    if setting.only is None or (knob is not None and knob.kind == "choice"):
        raise RecipeError(
            f"{placed.name}.{name} is {setting.how}, which a render without the host cannot follow: give it "
            "one value in the script, or render in the host"
        )
    return setting.only


def is_on(placed: HostNode, name: str, default: bool = False) -> bool:
    """Whether a switch is on. Raises RecipeError where it changes, KnobError where it is no switch."""
    text = text_of(placed, name)
    return bool(Knob("bool", "", "").parse(f"{placed.name}.{name}", text)) if text else default


def _type(placed: HostNode, types: NodeTypes) -> type[Node]:
    known = {t.__name__.casefold(): t for t in types.values()}
    name, version = parse_identifier(placed.kind) or (placed.kind, None)
    if name.casefold() not in known:
        names = [t.__name__ for t in types.values()]
        raise RecipeError(
            f"{placed.name} is of the kind {placed.kind}, which there is not{near(name, names)}; known are "
            f"{', '.join(names)}"
        )
    if version is not None and version != COMPATIBLE:
        raise RecipeError(
            f"{placed.name} was made with version {version} of its plugin, here is {COMPATIBLE}; make it anew"
        )
    return known[name.casefold()]
