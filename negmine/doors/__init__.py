"""The doors: what each artifact reads from the house before its room's pure function makes it."""
