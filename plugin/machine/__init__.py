"""What the ways in ask of the machine: how memory is kept and how its sizes are written."""
