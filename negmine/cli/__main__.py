"""Run the command line with `python -m negmine.cli`."""

from negmine.cli.app import main

main()
