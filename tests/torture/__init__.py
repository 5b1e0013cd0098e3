"""Attacks: what must hold when the machine, the disk, or somebody else does not play along.

`make torture` runs the long form of all of them.
"""
