"""Two profiles of hypothesis.

`negmine`, the usual one, draws the same examples on every machine and every day: a test that passes goes on
passing until it or the code is changed. `explore` draws new examples at each run, and many more. What it
finds is mended and pinned with @example.

HYPOTHESIS_PROFILE names the profile; `make explore` runs the property tests with `explore`.
"""

import os

from hypothesis import HealthCheck, settings
from hypothesis.internal.conjecture import providers

SAME_EVERY_DAY, EXPLORE = "negmine", "explore"


def load_profile():
    """Register both profiles and load the one that HYPOTHESIS_PROFILE names."""
    without_clock = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile(SAME_EVERY_DAY, without_clock, derandomize=True, database=None)
    settings.register_profile(EXPLORE, without_clock, max_examples=1000, print_blob=True)
    name = os.environ.get("HYPOTHESIS_PROFILE", SAME_EVERY_DAY)
    settings.load_profile(name)
    if name == SAME_EVERY_DAY:
        # Hypothesis also draws constants of whatever source files are loaded when a test begins. They
        # differ with the order of the tests, and with every edit anywhere. The version is pinned.
        providers._get_local_constants = lambda: providers._local_constants


def share(part, *suppressed):
    """Settings for a slow test: this part of the examples that the profile draws."""
    usual = settings.default
    return settings(
        max_examples=max(1, round(usual.max_examples * part)),
        suppress_health_check=[*usual.suppress_health_check, *suppressed],
    )
