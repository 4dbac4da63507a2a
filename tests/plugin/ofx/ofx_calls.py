"""What suites of the strict host share: functions with their types, names, and where a call has its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.plugin.ofx import ofx_spec as spec
from tests.plugin.ofx.ofx_objects import Action, Violation
from tests.plugin.ofx.ofx_spec import FAILED

if TYPE_CHECKING:
    from tests.plugin.ofx.host import Host

Function = tuple[Callable[..., Any], tuple[Any, ...]]

CHANGING = {"OfxActionInstanceChanged", "OfxActionBeginInstanceChanged", "OfxActionEndInstanceChanged"}
DESCRIBING = {spec.ACTION + "DescribeInContext"}


def text_of(value: bytes | None) -> str:
    if value is None:
        raise Violation(spec.VALUE, "a name is NULL")
    return value.decode("ascii")


def require(host: Host, names: set[str], what: str) -> Action:
    action = host.action
    if action.name not in names:
        raise Violation(FAILED, f"{what} has no place in {action.name}")
    return action
