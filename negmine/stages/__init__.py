"""The five stages, and the plan of every artifact."""
