"""Analyses: whole shots, measured frame by frame and solved, kept in a folder beside the script."""
