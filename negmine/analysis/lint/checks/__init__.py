"""What each group of rules looks for, and how."""
