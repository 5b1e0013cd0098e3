"""Models: where they are, what identifies them, how texts are encoded."""
