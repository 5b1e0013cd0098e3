"""Where the command `negmine` begins: what must hold before anything heavy is imported, and at the very end."""

from __future__ import annotations

import os
import signal
import sys

INTERRUPTED, UNWRITABLE, USAGE = 130, 1, 2  # exit codes


def main() -> None:
    """Run the command line. A closed, broken or full stdout, Ctrl-C and SIGTERM end without a traceback."""
    _open_what_is_closed()
    _end_as_by_ctrl_c()
    try:
        code = _run()
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        code = INTERRUPTED
    sys.exit(_flushed(code))


def _run() -> int:
    try:
        from negmine.cli.app import main as run

        run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except OSError as error:  # while the answer was printed: all other is explained by `answering`
        return _unwritable(error)
    return 0


def _unwritable(error: OSError) -> int:
    """Say that stdout cannot be written, but not where its reader has gone; return the exit code."""
    if isinstance(error, BrokenPipeError):
        return UNWRITABLE
    if error.filename is not None:
        raise error
    sys.stderr.write(f"error: stdout cannot be written: {error.strerror}.\n")
    return UNWRITABLE


def _end_as_by_ctrl_c() -> None:
    """Have SIGTERM (timeout, systemd, containers) and SIGHUP end the command with its last words."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, signal.default_int_handler)


def _open_what_is_closed() -> None:
    """Give stdout and stderr a place where the shell has closed them (>&-)."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def _flushed(code: int) -> int:
    """Write what is left to stdout; return the exit code, another one where that fails."""
    try:
        sys.stdout.flush()
    except OSError as error:
        code = code or _unwritable(error)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for Python's own flush
    return code
