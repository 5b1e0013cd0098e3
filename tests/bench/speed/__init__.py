"""How fast and how small: negmine and its peers on the same data, process against process."""
