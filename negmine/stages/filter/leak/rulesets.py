"""Which rules `leak` measures: none, each rule that is on alone, and all of them."""

from __future__ import annotations

from negmine.config.settings import FilterSettings
from negmine.stages.filter.rules import RULES, Rule, turned_off

NONE, ALL = "no rule", "all rules"


def alone(settings: FilterSettings, rule: Rule) -> FilterSettings:
    """Return settings under which only this rule is on, as it is in `settings`.

    Rules that are always on stay on.
    """
    own = (*rule.settings, *rule.models)
    return turned_off(settings).model_copy(update={name: getattr(settings, name) for name in own})


def rulesets(settings: FilterSettings) -> dict[str, FilterSettings]:
    """Return the settings of every row of `leak`, by the row's name: no rule, single rules, all rules.

    settings: without a judge, which a trial cannot ask.
    """
    single = {rule: alone(settings, rule) for rule in RULES if not rule.always_on}
    on = {rule.name: chosen for rule, chosen in single.items() if rule.is_on(chosen)}
    return {NONE: turned_off(settings), **on, ALL: settings}
