"""One query: its candidates, scores and reasons."""
