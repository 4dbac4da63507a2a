"""What nodes note of single frames: asked for, and kept on the disk."""
