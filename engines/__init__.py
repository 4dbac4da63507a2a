"""Runtimes, tiles, the model catalogue and the engine store."""

import sys

# OpenVINO reports each import of itself over the network, and writes to ~/intel. Where the package for that
# cannot be imported OpenVINO goes on without; its own opt-out is a file in each user's home.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
