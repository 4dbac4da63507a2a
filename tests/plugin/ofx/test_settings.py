"""The plugin's C and the worker's Python take the same values of the environment variables that both read."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from pathlib import Path

import pytest

from interneg.errors import UsageError
from interneg.plugin.ofx.build import compile_c
from interneg.plugin.worker import place

SOURCES = Path(__file__).parents[3] / "plugin" / "ofx"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ctypes.CDLL]:
    library = tmp_path_factory.mktemp("settings") / "settings.so"
    parts = ("settings", "platform_memory", "platform_number")
    try:
        compile_c(
            [SOURCES / f"{part}.c" for part in parts], library, ("-fPIC", "-shared", "-fvisibility=default")
        )
    except UsageError as error:
        pytest.skip(str(error))
    shell = ctypes.CDLL(str(library))
    shell.settings_gpu.restype = ctypes.c_bool
    yield shell


@pytest.mark.parametrize("gpu", ["", "0", "7", "07", "99", "999", "1000", "-1", " 1", "1 ", "one", "../1"])
def test_the_number_of_a_gpu(settings: ctypes.CDLL, monkeypatch: pytest.MonkeyPatch, gpu: str) -> None:
    monkeypatch.setenv("INTERNEG_GPU", gpu)
    read, error = ctypes.c_char_p(), ctypes.create_string_buffer(1024)
    taken = settings.settings_gpu(ctypes.byref(read), error)
    try:
        expected = place.stem()
    except UsageError:
        assert not taken
        assert error.value.decode().endswith("expected the number of a GPU, 0 to 999")
    else:
        assert taken and read.value is not None
        assert expected == ("worker-gpu" + gpu if gpu else "worker")
        assert read.value.decode() == gpu
