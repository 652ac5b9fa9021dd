"""Which runs there are: one line for each module that has one. An action type without its run is no value of actionType."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reskontro.receivable.actions.period_close import PERIOD_CLOSE
from reskontro.receivable.avtalegiro.run import AVTALEGIRO_RUN
from reskontro.receivable.dunning.run import DUNNING_RUN
from reskontro.receivable.interest_run.run import INTEREST_RUN
from reskontro.receivable.matching_run.run import MATCHING_RUN
from reskontro.receivable.runs.run import Run

RUNS: Final[Mapping[str, Run]] = {run.action_type: run for run in (DUNNING_RUN, INTEREST_RUN, MATCHING_RUN, AVTALEGIRO_RUN, PERIOD_CLOSE)}
"""The runs by action type, in the order of the contract's enum."""
