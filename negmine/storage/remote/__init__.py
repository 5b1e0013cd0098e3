"""Files at addresses: looked at, fetched into a cache of this machine, and read from there."""
