"""Malformed input: tables of kinds of faults and of the readers that meet them; each row says how a command ends."""
