"""Analyses: they read a finished run and change nothing in it."""
