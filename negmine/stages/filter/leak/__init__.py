"""How many negatives are really positives: trials that hide known positives."""
