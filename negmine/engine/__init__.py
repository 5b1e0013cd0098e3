"""How artifacts are made: tasks, status, run."""
