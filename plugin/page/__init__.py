"""Pages for people: before and after under a wipe, curves, and what goes around them, in one file of HTML."""
