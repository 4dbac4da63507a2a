"""What the engines do on this machine, measured: `python -m interneg.engines.gpucheck`; see check.py."""
