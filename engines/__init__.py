"""Runtimes, tiles, the model catalogue and the engine store."""
