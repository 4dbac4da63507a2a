"""Scripts of hosts, read as text: Nuke's and Natron's, and which render a node in them stands for."""
