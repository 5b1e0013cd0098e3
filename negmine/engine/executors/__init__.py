"""Executors: where tasks run."""
