"""Putting the OpenFX bundle and the scripts of hosts in their places, and taking them away again."""
