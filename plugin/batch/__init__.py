"""Rendering a frame range: scheduling, resume, progress, provenance."""
