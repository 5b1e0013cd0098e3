"""The judge's artifacts."""
