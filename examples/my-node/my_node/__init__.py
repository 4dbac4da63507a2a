"""A package with a node for Interneg."""
