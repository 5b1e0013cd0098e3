"""The analysis `prove`: train a student on each recipe's negatives, and test it on queries kept out."""
