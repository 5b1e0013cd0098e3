"""Late interaction: a vector for every token, and MaxSim between query and document."""
