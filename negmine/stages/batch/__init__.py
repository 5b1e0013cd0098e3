"""Batches composed offline: after stage 5, and only when `negmine batch` asks for them."""
