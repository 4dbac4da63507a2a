#!/usr/bin/env python3
"""Build TensorRT engines for the GPUs of a facility: `build_engines.py --help`."""

from interneg.plugin.cli.engines.command import main

if __name__ == "__main__":
    main()
