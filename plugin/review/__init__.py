"""The page for review of a shot: what a render did to it, frame by frame."""
