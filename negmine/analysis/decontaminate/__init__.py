"""Decontaminate: which of the texts that a run trains on also stand in evaluation sets."""
