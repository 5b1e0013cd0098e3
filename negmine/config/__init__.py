"""Settings: their tables, how they are resolved and checked, and what follows from them."""
