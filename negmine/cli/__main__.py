"""Run the command line with `python -m negmine`."""

from negmine.cli import main

main()
