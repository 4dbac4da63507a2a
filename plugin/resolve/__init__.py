"""What runs inside DaVinci Resolve, in its own Python: nothing here imports Interneg or a package."""
