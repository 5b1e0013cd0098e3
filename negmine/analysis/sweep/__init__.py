"""Leak, yield and hardness over a grid of thresholds."""
