"""Interneg: restoration nodes for compositors.

What everything stands on: frames, colour, knobs, nodes, graphs and the engine protocol; and the rooms of what
nodes measure and do, named after it: motion, light, grain and restore.
"""

__version__ = "0.2.0"
