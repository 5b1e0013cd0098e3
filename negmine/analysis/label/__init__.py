"""Labels: judgements that people give after they have looked at a run."""
