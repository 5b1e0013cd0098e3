"""Run the command line with `python -m negmine.cli`."""

from negmine.cli.start import main

main()
