"""Tables that a script writes into a page of the docs, between two marks."""

import argparse
import tempfile
from pathlib import Path

END = "<!-- end -->"


def with_made(page, script, made):
    """Return the text of a page with `made` between the marks of a script, such as tests/bench/x.py."""
    begin = f"<!-- made by {script} -->"
    before, rest = page.read_text(encoding="utf-8").split(begin, 1)
    return f"{before}{begin}\n\n{made}\n\n{END}{rest.split(END, 1)[1]}"


def main(doc, page, make):
    """Run a script: print the tables that it makes, and with --write put them into their page.

    doc: what the script says of itself. make: gets an empty folder, returns the name of a mark to its table.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the tables into their page")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        tables = make(Path(folder))
    for script, made in tables.items():
        print(made)
        if given.write:
            write_made(page, script, made)


def write_made(page, script, made):
    """Write `made` into a page (see `with_made`)."""
    page.write_text(with_made(page, script, made), encoding="utf-8")
