from __future__ import annotations

import json
import random
from typing import Any

import pytest

from interneg.errors import GpuMemoryError, InternegError, KnobError
from interneg.plugin.worker import protocol
from interneg.plugin.worker.protocol import HEADER, Header, Kind, Malformed, Render

FUZZED = 100_000


def request(**changes: Any) -> dict[str, Any]:
    image = {"width": 4, "height": 3, "channels": "RGBA", "x": 0, "y": 0}
    return {
        "node": "denoise-sr", "knobs": {"strength": 1, "scale": "2", "noise": "auto", "cuts": [1, 2]},
        "time": 2, "first": 1, "last": 3, "space": "scene_linear", "premultiplied": True, "aspect": 1,
        "format": [4, 3], "images": [image, image, image],
        "frames": [{"number": 1, "image": 0, "digest": ""}, {"number": 2, "image": 1, "digest": "0a" * 16}],
        "mask": None, "reference": None, "output": 2, "fit": False, **changes,
    }  # fmt: skip


def parse(kind: Kind, body: Any, descriptors: int = 0) -> Any:
    data = protocol.packed(kind, body, descriptors)
    return protocol.parse_request(protocol.parse_header(data[: HEADER.size]), data[HEADER.size :])


def test_a_render_is_read_whole() -> None:
    found = parse(Kind.RENDER, request(config=""), 3)
    assert isinstance(found, Render)
    assert found.target.bytes == 4 * 3 * 4 * 4
    assert found.knobs["cuts"] == [1, 2] and found.config == "" and found.frames[1].number == 2
    assert parse(Kind.RENDER, request(), 3).config is None


def test_an_unknown_field_is_ignored() -> None:
    assert parse(Kind.RENDER, request(later="x"), 3) == parse(Kind.RENDER, request(), 3)


@pytest.mark.parametrize("field", [name for name in request() if name != "config"])
def test_every_field_must_be_there(field: str) -> None:
    body = request()
    del body[field]
    with pytest.raises(Malformed, match=field):
        parse(Kind.RENDER, body, 3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"time": 9}, "at the time 9"),
        ({"first": 4}, "range is empty"),
        ({"output": 1}, "output is an input"),
        ({"output": 3}, "there are 3 images"),
        ({"images": [*request()["images"][:2], {**request()["images"][0], "channels": "A"}]}, "output has A"),
        ({"mask": 3}, "there are 3 images"),
        ({"output": None}, "output"),
        ({"frames": []}, "frames"),
        ({"frames": [{"number": 2, "image": 0, "digest": ""}] * 2}, "same number"),
        ({"frames": [{"number": 2, "image": 0, "digest": "x" * 32}]}, "digest"),
        ({"frames": [{"number": 2, "image": -1, "digest": ""}]}, "image"),
        ({"images": [{"width": 0, "height": 3, "channels": "RGBA", "x": 0, "y": 0}]}, "width"),
        ({"images": [{"width": 4, "height": 70000, "channels": "RGBA", "x": 0, "y": 0}]}, "height"),
        ({"images": [{"width": 4, "height": 3, "channels": "RGBX", "x": 0, "y": 0}]}, "channels"),
        ({"images": [{"width": 4, "height": 3, "channels": "A", "x": 2**31, "y": 0}]}, r"\.x"),
        ({"images": [request()["images"][0]] * 129}, "images"),
        ({"aspect": 0}, "aspect"),
        ({"format": [4]}, "format"),
        ({"time": 2.5}, "time"),
        ({"time": True}, "time"),
        ({"knobs": {"strength": {}}}, "knobs"),
        ({"space": "x" * 5000}, "space"),
    ],
)
def test_what_does_not_fit_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Malformed, match=words):
        parse(Kind.RENDER, request(**changes), 3)


def test_descriptors_and_images_are_as_many() -> None:
    with pytest.raises(Malformed, match="3 images need as many descriptors, not 2"):
        parse(Kind.RENDER, request(), 2)
    with pytest.raises(Malformed, match="0 images"):
        parse(Kind.STATUS, {}, 1)


@pytest.mark.parametrize(
    ("header", "words", "code"),
    [
        ((b"INTX", 1, 1, 2, 0), "starts with", "protocol"),
        ((b"INTG", 2, 1, 2, 0), "version 1 of the protocol, not 2", "version"),
        ((b"INTG", 1, 9, 2, 0), "no message of kind 9", "protocol"),
        ((b"INTG", 1, 1, 2**20 + 1, 0), "at most 1048576 bytes", "protocol"),
        ((b"INTG", 1, 1, 2, 129), "at most 128 descriptors", "protocol"),
    ],
)
def test_headers_are_checked(header: tuple[Any, ...], words: str, code: str) -> None:
    with pytest.raises(Malformed, match=words) as caught:
        protocol.parse_header(HEADER.pack(*header))
    assert caught.value.code == code


def test_answers_are_no_requests() -> None:
    with pytest.raises(Malformed, match="done is an answer"):
        parse(Kind.DONE, {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"{}x",
        b'{"client": "\xff"',
        b'{"client": "\xff\\ud800"}',
        b'{"client": "\\ud800"}',
        b"[" * 2**20,
        b'{"a":' * 2**17,
    ],
)
def test_bodies_that_are_no_json_object(body: bytes) -> None:
    with pytest.raises(Malformed, match="hello cannot be read"):
        protocol.parse_request(Header(Kind.HELLO, len(body), 0), body)


def test_codes_go_there_and_back() -> None:
    assert protocol.code_of(KnobError("x")) == "usage"
    for code in ("usage", "input", "gpu-memory", "engine", "output", "memory"):
        assert protocol.code_of(protocol.error_of(code, "x")) == code
    assert protocol.code_of(GpuMemoryError("x")) == "gpu-memory"
    assert protocol.code_of(InternegError("x")) == "internal"
    assert type(protocol.error_of("later", "x")) is InternegError


def test_a_hundred_thousand_malformed_messages_are_read_or_refused() -> None:
    rng = random.Random(4)
    seeds = [
        protocol.packed(Kind.RENDER, request(), 3),
        protocol.packed(Kind.HELLO, {"client": "host"}),
        protocol.packed(Kind.ACTION, {**request(output=None), "action": "report"}, 3),
        protocol.packed(Kind.STATUS, {}),
    ]
    refused = 0
    for _ in range(FUZZED):
        data = mutated(rng, rng.choice(seeds))
        try:
            header = protocol.parse_header(data[: HEADER.size].ljust(HEADER.size, b"\0"))
            protocol.parse_request(header, data[HEADER.size : HEADER.size + header.length])
        except Malformed:
            refused += 1
    assert FUZZED // 2 < refused < FUZZED


_PIECES = (
    b"{",
    b"}",
    b"[",
    b"]",
    b'"',
    b":",
    b",",
    b"null",
    b"-1",
    b"1e309",
    b"99999999999999999999",
    b"\\u0000",
)


def mutated(rng: random.Random, data: bytes) -> bytes:
    """The message with some bytes changed, cut, doubled, or replaced by pieces of JSON."""
    made = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(made) + 1)
        match rng.randrange(5):
            case 0:
                made[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                del made[at : at + rng.randint(1, 40)]
            case 2:
                made[at:at] = made[at : at + rng.randint(1, 200)]
            case 3:
                made[at : at + rng.randint(0, 4)] = rng.choice(_PIECES)
            case 4 if rng.random() < 0.1:
                made[at:at] = rng.choice(_PIECES[:3]) * rng.randint(1, 3000)
            case _:
                body = json.dumps(rng.choice((None, -1, 2**40, "x", [], {}, True, 0.5))).encode()
                colon = made.find(b":", at)
                comma = made.find(b",", colon)
                if 0 <= colon < comma:
                    made[colon + 1 : comma] = body
    return bytes(made)


def test_names_that_are_not_utf8_keep_their_bytes() -> None:
    """A Linux file name is bytes: a host may give one in any encoding, and errors speak of it."""
    data = protocol.packed(Kind.RENDER, request(config="/f\udcfcr/config.ocio"), 3)
    assert b"/f\xfcr/config.ocio" in data
    assert parse(Kind.RENDER, request(config="/f\udcfcr/config.ocio"), 3).config == "/f\udcfcr/config.ocio"
    header, body = protocol.parse_header(data[: HEADER.size]), data[HEADER.size :]
    for broken in (body[:-1], body.replace(b'"time": 2', b'"time": 2.5'), body.replace(b"1,", b"NaN,")):
        with pytest.raises(Malformed, match="render cannot be read"):
            protocol.parse_request(header, broken)
