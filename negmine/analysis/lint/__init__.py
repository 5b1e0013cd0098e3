"""Audit of training files."""
