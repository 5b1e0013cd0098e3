"""Limits that depend on the data."""
