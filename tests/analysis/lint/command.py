"""How tests run `negmine lint`."""

from typer.testing import CliRunner

from negmine.cli.app import app
from tests import warm


def run(*arguments, cwd=None):
    """Run the command as a program of its own."""
    return warm.negmine("lint", *arguments, cwd=cwd)


def invoke(*arguments):
    """Run the command in this process: its kernels are compiled once."""
    return CliRunner().invoke(app, ["lint", *map(str, arguments)])
