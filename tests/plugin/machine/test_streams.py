"""What is printed where the terminal's encoding lacks it."""

import io
import sys

import pytest

from interneg.plugin.machine.streams import print_anything


@pytest.mark.parametrize(
    ("encoding", "printed"),
    [("utf-8", b"f\xfcr \xc3\xa9 \xe2\x86\x92"), ("ascii", rb"f" + b"\xfc" + rb"r \xe9 \u2192")],
)
def test_anything_can_be_printed(monkeypatch: pytest.MonkeyPatch, encoding: str, printed: bytes) -> None:
    made = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(made, encoding=encoding))
    monkeypatch.setattr(sys, "stderr", io.StringIO())  # as a host may set it
    print_anything()
    print("f\udcfcr é →", end="", flush=True)
    assert made.getvalue() == printed
