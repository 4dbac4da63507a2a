"""The ways in: command line and batch rendering."""
