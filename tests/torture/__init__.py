"""Attacks on whole commands: what somebody else wrote stays data."""
