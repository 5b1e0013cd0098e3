"""The ways of `--sampling`: one file each, and `table` that lists them."""
