"""Farms: what is sent to a render manager, and how each of them wants it told."""
