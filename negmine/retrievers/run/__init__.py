"""Finished runs of other search engines: `--run NAME=FILE`."""
