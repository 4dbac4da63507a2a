"""The nodes, one public file each."""
