"""`python -m interneg.plugin.cli`: the same as `interneg`."""

from interneg.plugin.cli.main import main

main()
