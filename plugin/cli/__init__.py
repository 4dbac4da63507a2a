"""The `interneg` command."""
