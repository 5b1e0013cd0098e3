"""The state of every artifact of a work directory."""
