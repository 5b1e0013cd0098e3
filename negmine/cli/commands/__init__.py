"""One module for each command that is no stage."""
