"""Work directories that earlier versions made."""
