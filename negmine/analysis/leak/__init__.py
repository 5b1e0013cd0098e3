"""How many negatives of a run are really positives."""
