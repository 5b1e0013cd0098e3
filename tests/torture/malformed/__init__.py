"""Malformed input: kinds of faults, and the readers that meet them; each row says how a command ends."""
