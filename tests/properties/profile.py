"""Profiles of the property tests: no deadline, few examples by default, the same ones every time in continuous integration.

``HYPOTHESIS_PROFILE=long`` looks at twenty times as many, and shrinks what fails there also where that takes minutes; then leave out the limit of
time as well: ``pytest -o faulthandler_timeout=0``.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings

_COMMON: dict[str, Any] = {
    "deadline": None,
    "database": None,
    # Fixtures are shared by the examples of a test on purpose: each example uses numbers or clients of its own.
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
}


def load() -> None:
    """Make the profile that the environment names the default."""
    settings.register_profile("suite", max_examples=120, derandomize=bool(os.environ.get("CI")), **_COMMON)
    settings.register_profile("long", max_examples=2_400, **_COMMON)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def dear_phases() -> tuple[Phase, ...]:
    """What is done in tests whose examples take seconds: a failing one is shrunk in the long profile only."""
    always = (Phase.explicit, Phase.generate)
    return always if settings.default is settings.get_profile("suite") else (*always, Phase.shrink)


def examples(share: float) -> int:
    """A share of the profile's number of examples, for tests whose examples are dear; at least one."""
    return max(1, round(settings.default.max_examples * share))
