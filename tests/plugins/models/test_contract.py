"""The models keep the contracts that core asks of every detector and forecaster."""

from __future__ import annotations

import pytest

from finops_cost_management.testing import DetectorContract, ForecasterContract

pytestmark = pytest.mark.real_component


class TestSeasonal(DetectorContract):
    plugin = "seasonal"


class TestSeasonalLinear(ForecasterContract):
    plugin = "seasonal_linear"
