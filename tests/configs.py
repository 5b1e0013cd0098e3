"""Resolved configurations, as a command would get them."""

from negmine.config import resolve as resolving
from negmine.config.resolved import ResolvedConfig
from negmine.retrievers.registry import infos
from negmine.stages.checks import check


def resolve(flags, file=None, remembered=None):
    """Resolve flags, a file and what an earlier configuration would leave behind; check the whole."""
    earlier = remembered.given if isinstance(remembered, ResolvedConfig) else remembered
    config = resolving.resolve(flags, file, earlier, infos)
    check(config)
    return config
