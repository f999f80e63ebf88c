"""Contract tests for authors of plugins: subclass one, name the plugin, run pytest.

```python
from finops_cost_management.testing import DetectorContract


class TestMySpikes(DetectorContract):
    plugin = "my_spikes"
    options = {"sensitivity": 3}
```

Each test says in its docstring why it is there, and in its message what to change. A test that
cannot hold for a good reason is overridden with ``@pytest.mark.xfail(reason="…")``; overriding
it in silence fails.

Needs pytest and hypothesis: ``pip install finops-cost-management[testing]``.
"""

from __future__ import annotations

import pytest

_KINDS = ("detectors", "exporters", "forecasters", "notifiers", "optimizers", "sources")
pytest.register_assert_rewrite(*(f"{__name__}.{name}" for name in ("contract", *_KINDS)))

from finops_cost_management.testing.contract import PluginContract  # noqa: E402 # rewritten first
from finops_cost_management.testing.detectors import DetectorContract  # noqa: E402
from finops_cost_management.testing.digests import empty_digest, large_digest  # noqa: E402
from finops_cost_management.testing.exporters import ExporterContract  # noqa: E402
from finops_cost_management.testing.forecasters import ForecasterContract  # noqa: E402
from finops_cost_management.testing.notifiers import NotifierContract  # noqa: E402
from finops_cost_management.testing.optimizers import OptimizerContract  # noqa: E402
from finops_cost_management.testing.panels import panel_of  # noqa: E402
from finops_cost_management.testing.sources import SourceContract  # noqa: E402

__all__ = [
    "DetectorContract",
    "ExporterContract",
    "ForecasterContract",
    "NotifierContract",
    "OptimizerContract",
    "PluginContract",
    "SourceContract",
    "empty_digest",
    "large_digest",
    "panel_of",
]
