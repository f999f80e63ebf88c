"""The whole company: an online shop on three clouds, with four teams and three environments."""

from __future__ import annotations

from finops_cost_management.builtin.demo import aws, azure, google

CLOUDS = (aws.CLOUD, azure.CLOUD, google.CLOUD)
