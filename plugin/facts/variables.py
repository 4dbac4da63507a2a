"""The environment variables that Interneg reads, by name, each with what it says."""

from __future__ import annotations

VARIABLES = {
    "INTERNEG_ENGINES": "folders of built engines",
    "INTERNEG_MODELS": "folders of further models",
    "INTERNEG_GPU": "the number of the GPU that the worker renders on",
    "INTERNEG_WORKER_DIR": "the folder of the worker's socket and log",
    "INTERNEG_MEMORY_MB": "MiB that the worker's pictures may take",
    "INTERNEG_WORKER": "the command by which hosts start a worker, in place of the installed one",
    "INTERNEG_TIMEOUT": "seconds without a sign of life after which hosts end a worker",
    "INTERNEG_START_TIMEOUT": "seconds that hosts wait for a worker to start",
    "INTERNEG_POOL_MB": "MiB of pictures that a host keeps for the worker",
    "INTERNEG_WITHOUT_OFX": "1: a wheel is built without the OpenFX plugin",
}
"""Those of Interneg's own; $OCIO and $OFX_PLUGIN_PATH are read as everywhere."""
