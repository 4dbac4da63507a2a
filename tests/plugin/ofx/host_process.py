"""Runs the test functions that it is told on its standard input, one after the other."""

from __future__ import annotations

import faulthandler
import importlib.util
import os
import pickle
import sys
import traceback
from pathlib import Path
from types import ModuleType

import pytest

sys.path.insert(0, str(Path(__file__).parents[3]))

# What tests print must not come between the answers.
answers = os.fdopen(os.dup(1), "wb")
os.dup2(2, 1)


def load(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


while True:
    try:
        path, name, arguments = pickle.load(sys.stdin.buffer)
    except EOFError:
        break
    faulthandler.dump_traceback_later(float(os.environ.get("LONGEST", "120")), exit=True)
    failed = skipped = ""
    try:
        module = sys.modules.get(Path(path).stem) or load(path)
        getattr(module, name)(**arguments)
    except pytest.skip.Exception as reason:
        skipped = str(reason)
    except BaseException:  # noqa: BLE001 - told to the test
        failed = traceback.format_exc()
    faulthandler.cancel_dump_traceback_later()
    pickle.dump((failed, skipped), answers)
    answers.flush()
