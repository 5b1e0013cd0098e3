"""Where a report is written: checked before the work, replaced in one go after it."""

from __future__ import annotations

from pathlib import Path

from negmine.analysis.report.schema import Report
from negmine.config.addresses import Address
from negmine.data.steering import in_json
from negmine.errors import SettingsError
from negmine.storage.files import write_out


def default_page(work: Path) -> Path:
    """Return `WORK-report.html` beside the work directory: an analysis changes nothing inside it.

    Of a work directory at an address, the page lies in the current folder.
    """
    if isinstance(work, Address):
        return Path(f"{work.name}-report.html")
    resolved = work.resolve()
    beside = resolved.parent if work.name in ("", "..") else work.parent
    return beside / f"{resolved.name}-report.html"


def check(work: Path, *paths: Path | None) -> None:
    """Raise SettingsError where a file cannot be written, before anything is counted."""
    given = [path for path in paths if path is not None]
    for path in given:
        if str(path) == "-":
            raise SettingsError("--html -: the page goes to a file. Name one, such as report.html.")
        if path.resolve().is_relative_to(work.resolve()):
            raise SettingsError(
                f"{path} lies in the work directory, which a report does not change. "
                f"Name a file outside, such as {default_page(work)}."
            )
        if path.is_dir():
            raise SettingsError(f"{path} is a folder. Name a file, such as {path / 'report.html'}.")
        if not path.resolve().parent.is_dir():
            raise SettingsError(f"{path}: its folder does not exist. Make it first.")
    if len({path.resolve() for path in given}) < len(given):
        raise SettingsError(f"--html and --json both name {given[0]}. Name two files.")


def write(report: Report, page: Path | None, numbers: Path | None) -> None:
    """Write the page and the numbers. Raises SettingsError where the disk refuses."""
    from negmine.analysis.report.render import html

    if page is not None:
        _replace(page, html(report))
    if numbers is not None:
        _replace(numbers, in_json(report.model_dump_json(indent=2)) + "\n")


def _replace(path: Path, text: str) -> None:
    try:
        write_out(path, text)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}.") from error
