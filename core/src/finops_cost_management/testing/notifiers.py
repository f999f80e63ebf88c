"""What a notifier promises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from finops_cost_management.testing.contract import PluginContract
from finops_cost_management.testing.digests import empty_digest, large_digest

if TYPE_CHECKING:
    from finops_cost_management.plugins.component import Component


class NotifierContract(PluginContract):
    """Three lines make the tests of a notifier: the class, ``plugin`` and ``options``.

    Override the fixture ``component`` where the notifier needs a fake of its service.
    """

    kind = "notifiers"

    def test_empty_digest_is_delivered(self, component: Component[Any]) -> None:
        """No finding is good news, and "nothing found" is a message too."""
        self.ask(component, digest=empty_digest())

    def test_ten_thousand_findings_are_delivered(self, component: Component[Any]) -> None:
        """A bad morning finds a lot: shorten the message, count the rest, never fail."""
        self.ask(component, digest=large_digest(10_000))

    def test_digest_may_be_delivered_again(self, component: Component[Any]) -> None:
        """A notifier is used for several runs of one process."""
        for _ in range(2):
            self.ask(component, digest=large_digest(3))
