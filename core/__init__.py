"""Interneg: restoration nodes for compositors.

What everything stands on: frames, colour, knobs, nodes, graphs and the engine protocol.
"""

__version__ = "0.1.0"
