"""`negmine show`: a few finished examples, for a first look."""
