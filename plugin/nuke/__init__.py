"""What runs inside Nuke, in Nuke's own Python: nothing here imports Interneg or a package."""
