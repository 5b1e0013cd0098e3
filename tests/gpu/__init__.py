"""What needs a GPU; without one these tests skip."""
