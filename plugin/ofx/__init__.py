"""The OpenFX plugin: one generic C shell, and what it is told of the nodes."""
