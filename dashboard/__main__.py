"""`python -m dashboard` is the command `dashboard`."""

from dashboard.surfaces.cli import main

main()
