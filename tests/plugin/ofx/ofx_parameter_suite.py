"""The strict host's parameter suite."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.plugin.ofx import ofx_spec as spec
from tests.plugin.ofx.ofx_calls import CHANGING, DESCRIBING, Function, require, text_of
from tests.plugin.ofx.ofx_objects import (
    DBL,
    INT,
    PTR,
    STR,
    UINT,
    Parameter,
    ParameterSet,
    Properties,
    Refused,
    Violation,
)
from tests.plugin.ofx.ofx_spec import BAD_HANDLE, FAILED

if TYPE_CHECKING:
    from tests.plugin.ofx.host import Host


def parameter_suite(host: Host) -> Sequence[Function]:
    def param_define(handle: int, kind: bytes, name: bytes, out: int | None) -> None:
        described, word, of = host.find(handle, ParameterSet).descriptor, text_of(name), text_of(kind)
        require(host, DESCRIBING, "paramDefine")
        if described is None:
            raise Violation(BAD_HANDLE, "a parameter is defined on an instance")
        if of not in spec.PARAMETER:
            raise Violation(FAILED, f"parameter '{word}' is of type {of}")
        refused = ("StrChoice", *host.profile.refuses)  # no host of API 1.4 has the first
        if of.removeprefix("OfxParamType") in refused:
            raise Refused(spec.UNSUPPORTED)
        if word in described.parameters or not re.fullmatch(r"[A-Za-z_]\w*", word):
            raise Violation(spec.FAILED, f"parameter '{word}' is defined twice, or is no identifier")
        values = {"OfxPropType": "OfxTypeParameter", "OfxPropName": word, "OfxParamPropType": of}
        writable = (
            set(spec.PARAMETER[of]) - set(values) - {"OfxParamPropIsAnimating", "OfxParamPropIsAutoKeying"}
        )
        what = f"parameter '{word}'"
        described.parameters[word] = Properties(host, what, spec.PARAMETER[of], values, writable)
        if out:
            PTR.from_address(out).value = described.parameters[word].handle

    def param_get_handle(handle: int, name: bytes, out: int, properties: int | None) -> None:
        found, word = host.find(handle, ParameterSet).parameters, text_of(name)
        if word not in found and host.profile.refuses:
            raise Refused(spec.UNKNOWN)
        if word not in found:
            raise Violation(spec.UNKNOWN, f"there is no parameter '{word}'")
        PTR.from_address(out).value = found[word].handle
        if properties:
            PTR.from_address(properties).value = found[word].properties.handle

    def param_set_get_property_set(handle: int, out: int) -> None:
        PTR.from_address(out).value = host.find(handle, ParameterSet).properties.handle

    def param_get_property_set(handle: int, out: int) -> None:
        PTR.from_address(out).value = host.find(handle, Parameter).properties.handle

    def param_get_value(handle: int, out: int) -> None:
        parameter, action = host.find(handle, Parameter), host.action
        if action.name in spec.TIMED:
            raise Violation(FAILED, f"'{parameter.name}' was read without a time in {action.name}")
        parameter.write(parameter.at(action.time), out)

    def param_get_value_at_time(handle: int, time: float, out: int) -> None:
        parameter = host.find(handle, Parameter)
        _ = host.action
        parameter.write(parameter.at(time), out)

    def changed(parameter: Parameter, time: float) -> None:
        parameter.instance.changed("OfxTypeParameter", parameter.name, "OfxChangePluginEdited", time)

    def param_set_value(handle: int, integer: int | None, number: float) -> None:
        parameter, action = host.find(handle, Parameter), require(host, CHANGING, "paramSetValue")
        value = parameter.checked(integer, number)
        if parameter.keys:
            parameter.keys[action.time] = value
        else:
            parameter.value = value
        changed(parameter, action.time)

    def param_set_value_at_time(handle: int, time: float, integer: int | None, number: float) -> None:
        parameter = host.find(handle, Parameter)
        require(host, CHANGING, "paramSetValueAtTime")
        parameter.keys[time] = parameter.checked(integer, number)
        changed(parameter, time)

    def param_get_num_keys(handle: int, out: int) -> None:
        UINT.from_address(out).value = len(host.find(handle, Parameter).keys)

    def param_get_key_time(handle: int, index: int, out: int) -> None:
        times = sorted(host.find(handle, Parameter).keys)
        if index >= len(times):
            raise Violation(spec.BAD_INDEX, f"key {index} of {len(times)}")
        DBL.from_address(out).value = times[index]

    def param_delete_all_keys(handle: int) -> None:
        parameter = host.find(handle, Parameter)
        require(host, CHANGING, "paramDeleteAllKeys")
        parameter.keys.clear()

    def param_edit_begin(handle: int, name: bytes) -> None:
        host.find(handle, ParameterSet)
        require(host, CHANGING, "paramEditBegin")

    def param_edit_end(handle: int) -> None:
        host.find(handle, ParameterSet)
        require(host, CHANGING, "paramEditEnd")

    def unused(*_: Any) -> None:
        raise Violation(spec.UNSUPPORTED, "a function of the parameter suite that nothing needs")

    return [
        (param_define, (PTR, STR, STR, PTR)),
        (param_get_handle, (PTR, STR, PTR, PTR)),
        (param_set_get_property_set, (PTR, PTR)),
        (param_get_property_set, (PTR, PTR)),
        (param_get_value, (PTR, PTR)),
        (param_get_value_at_time, (PTR, DBL, PTR)),
        (unused, (PTR, DBL, PTR)),  # paramGetDerivative
        (unused, (PTR, DBL, DBL, PTR)),  # paramGetIntegral
        (param_set_value, (PTR, PTR, DBL)),
        (param_set_value_at_time, (PTR, DBL, PTR, DBL)),
        (param_get_num_keys, (PTR, PTR)),
        (param_get_key_time, (PTR, UINT, PTR)),
        (unused, (PTR, DBL, INT, PTR)),  # paramGetKeyIndex
        (unused, (PTR, DBL)),  # paramDeleteKey
        (param_delete_all_keys, (PTR,)),
        (unused, (PTR, PTR, DBL, PTR)),  # paramCopy
        (param_edit_begin, (PTR, STR)),
        (param_edit_end, (PTR,)),
    ]
