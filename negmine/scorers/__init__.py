"""Scorers: second opinions on candidates."""

from negmine.scorers.base import Scorer

__all__ = ["Scorer"]
