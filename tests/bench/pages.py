"""Tables that a script writes into a page of the docs, between two marks."""

END = "<!-- end -->"


def with_made(page, script, made):
    """Return the text of a page with `made` between the marks of a script, such as tests/bench/x.py."""
    begin = f"<!-- made by {script} -->"
    before, rest = page.read_text(encoding="utf-8").split(begin, 1)
    return f"{before}{begin}\n\n{made}\n\n{END}{rest.split(END, 1)[1]}"


def write_made(page, script, made):
    """Write `made` into a page (see `with_made`)."""
    page.write_text(with_made(page, script, made), encoding="utf-8")
