"""The rooms: one module each, pure functions from Arrow tables to Arrow tables."""
