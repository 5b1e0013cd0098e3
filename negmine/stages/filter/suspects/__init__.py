"""Positives that may be no answers: which are suspected, and why."""
