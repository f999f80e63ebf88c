"""The default detector keeps the contract that core asks of every detector."""

from __future__ import annotations

import pytest

from finops_cost_management.testing import DetectorContract

pytestmark = pytest.mark.real_component


class TestSeasonal(DetectorContract):
    plugin = "seasonal"
