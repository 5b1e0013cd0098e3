"""`negmine init`: look at data, and write a commented negmine.toml for it."""
