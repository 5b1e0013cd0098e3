"""Features: what rules read beside scores."""
