"""The work directory on disk. The only code that writes in it."""
