"""Interneg's networks trained on a user's plates: samples, the training, the entry that comes of it."""
