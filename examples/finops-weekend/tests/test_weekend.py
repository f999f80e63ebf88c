from finops_cost_management.testing import OptimizerContract


class TestWeekend(OptimizerContract):
    plugin = "weekend"
    options = {"environments": ("dev", "staging")}
