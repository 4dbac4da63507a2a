"""The runtimes that can run a model, one small file each.

A runtime is added by writing its file and naming it here. `auto` takes the first that can be opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from interneg.engines.building.libraries import LIBRARIES
from interneg.engines.network import Network
from interneg.engines.runtimes.base import Runtime
from interneg.engines.runtimes.onnxruntime import OnnxRuntime
from interneg.engines.runtimes.openvino import OpenVino
from interneg.engines.runtimes.tensorrt.runtime import TensorRt
from interneg.engines.runtimes.torch import Torch

__all__ = ["RUNTIMES", "Network", "Runtime"]

RUNTIMES: Mapping[str, Runtime] = MappingProxyType(
    {r.name: r for r in (*map(TensorRt, LIBRARIES.values()), OpenVino(), OnnxRuntime(), Torch())}
)
