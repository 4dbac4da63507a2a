"""What every way in knows of the nodes: knobs as plain data, buttons, names in hosts, files of knobs."""
