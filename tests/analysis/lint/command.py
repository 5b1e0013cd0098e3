"""How tests run `negmine lint`."""

import subprocess
import sys

from typer.testing import CliRunner

from negmine.cli.app import app


def run(*arguments, **kwargs):
    """Run the command as a program of its own."""
    return subprocess.run(
        [sys.executable, "-m", "negmine.cli", "lint", *map(str, arguments)],
        capture_output=True,
        text=True,
        **kwargs,
    )


def invoke(*arguments):
    """Run the command in this process: its kernels are compiled once."""
    return CliRunner().invoke(app, ["lint", *map(str, arguments)])
