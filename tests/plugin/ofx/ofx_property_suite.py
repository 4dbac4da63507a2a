"""The strict host's property suite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tests.plugin.ofx.ofx_calls import Function, text_of
from tests.plugin.ofx.ofx_objects import DBL, INT, PTR, STR, Properties

if TYPE_CHECKING:
    from tests.plugin.ofx.host import Host


def property_suite(host: Host) -> Sequence[Function]:
    kinds = {"Pointer": (object, PTR), "String": (str, STR), "Double": (float, DBL), "Int": (int, INT)}
    functions: list[Function] = []

    def setter(kind: type) -> Callable[..., Any]:
        def prop_set(handle: int, name: bytes, index: int, value: Any) -> None:
            value = value.decode() if isinstance(value, bytes) else value
            host.find(handle, Properties).set(text_of(name), kind, index, value)

        return prop_set

    def setter_of_many(kind: type, c_type: Any) -> Callable[..., Any]:
        def prop_set_n(handle: int, name: bytes, count: int, values: int) -> None:
            properties, word = host.find(handle, Properties), text_of(name)
            properties.require_count(word, count)
            for i, value in enumerate((c_type * count).from_address(values)):
                properties.set(word, kind, i, value.decode() if isinstance(value, bytes) else value)

        return prop_set_n

    def getter(kind: type, c_type: Any) -> Callable[..., Any]:
        kept = PTR if c_type is STR else c_type

        def prop_get(handle: int, name: bytes, index: int, out: int) -> None:
            value = host.find(handle, Properties).read(text_of(name), kind, index)
            kept.from_address(out).value = value

        return prop_get

    def getter_of_many(kind: type, c_type: Any) -> Callable[..., Any]:
        kept = PTR if c_type is STR else c_type

        def prop_get_n(handle: int, name: bytes, count: int, out: int) -> None:
            properties, word = host.find(handle, Properties), text_of(name)
            values = [properties.read(word, kind, i) for i in range(count)]
            (kept * count).from_address(out)[:] = values

        return prop_get_n

    for kind, c_type in kinds.values():
        functions.append((setter(kind), (PTR, STR, INT, c_type)))
    for kind, c_type in kinds.values():
        functions.append((setter_of_many(kind, c_type), (PTR, STR, INT, PTR)))
    for kind, c_type in kinds.values():
        functions.append((getter(kind, c_type), (PTR, STR, INT, PTR)))
    for kind, c_type in kinds.values():
        functions.append((getter_of_many(kind, c_type), (PTR, STR, INT, PTR)))

    def prop_reset(handle: int, name: bytes) -> None:
        host.find(handle, Properties).reset(text_of(name))

    def prop_get_dimension(handle: int, name: bytes, out: int) -> None:
        INT.from_address(out).value = host.find(handle, Properties).dimension(text_of(name))

    return [*functions, (prop_reset, (PTR, STR)), (prop_get_dimension, (PTR, STR, PTR))]
