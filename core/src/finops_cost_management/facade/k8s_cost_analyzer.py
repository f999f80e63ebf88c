"""Costs of a Kubernetes cluster for programs: what `finops k8s` prints, as objects."""

from __future__ import annotations

import logging
import math
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path  # noqa: TC003 # pydantic reads the annotations
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from finops_cost_management import window as calendar
from finops_cost_management.answers import kubernetes as answers
from finops_cost_management.answers.kubernetes_usage import (
    DEFAULT_THRESHOLD,
    cluster_efficiency,
    idle_resources,
)
from finops_cost_management.errors import ConfigurationError, DataError
from finops_cost_management.facade.days import days_inside
from finops_cost_management.window import DateWindow, days_after

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from decimal import Decimal

    import pyarrow as pa

    from finops_cost_management.answers.kubernetes import (
        ClusterCost,
        ControllerCost,
        CostAllocation,
        LabelCost,
        NamespaceCost,
        NodeCost,
        PodCost,
    )
    from finops_cost_management.answers.kubernetes_usage import IdleResource
    from finops_cost_management.engine import Engine
    from finops_cost_management.plugins.component import Component
    from finops_cost_management.query.kubernetes import Allocations
    from finops_cost_management.store.delivery import Delivery

log = logging.getLogger(__name__)

DEFAULT_URL = "http://localhost:9090"
SOURCE = "kubecost.allocation"
"""The plugin that asks Kubecost or OpenCost."""


class KubecostConfig(BaseModel):
    """Which Kubecost or OpenCost is asked, and how."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        validate_default=True,
    )

    kubecost_url: str = DEFAULT_URL
    """Where Kubecost or OpenCost answers, as `http://localhost:9090`."""

    cluster_name: str | None = Field(default=None, min_length=1)
    """The cluster; all that answer where absent."""

    api_key: SecretStr | None = None
    """The key that the server asks for, where it does."""

    timeout: float = Field(default=30, gt=0, le=3600)
    """How many seconds one answer may take."""

    verify_ssl: bool = True
    """Whether the server's certificate is verified."""

    ca_bundle: Path | None = None
    """A PEM file with the certificate authorities to trust, for a company's own."""

    api_key_header: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]+$")
    """The header that carries the key; `X-API-Key` where absent."""

    currency: str = Field(default="USD", pattern="^[A-Z]{3}$")
    """ISO 4217 code of the prices; the server does not tell it."""

    provider: str | None = Field(default=None, min_length=1)
    """Whose nodes they are, where the nodes do not tell it: `aws`, `azure`, `gcp`, …."""

    @field_validator("kubecost_url")
    @classmethod
    def _is_address(cls, given: str) -> str:
        parts = urlsplit(given)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write an address with http:// or https:// in front")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("give the address alone; a key belongs to api_key")
        return given.rstrip("/")


class K8sCostAnalyzer:
    """Asks Kubecost or OpenCost what its clusters cost, and who uses them.

    It needs ``finops-kubecost``. Each window is asked for once and kept; `refresh` forgets. Days
    are UTC; of today, only what has happened so far is known.

    Args:
        config: Which server; the one of ``kubectl port-forward`` by default.

    Example:
        >>> from finops_cost_management import K8sCostAnalyzer, KubecostConfig
        >>> analyzer = K8sCostAnalyzer(KubecostConfig(cluster_name="production"))
    """

    def __init__(self, config: KubecostConfig | None = None) -> None:
        self.config = config or KubecostConfig()
        self._rows: dict[DateWindow, pa.Table] = {}
        self._told_of: set[DateWindow] = set()

    def refresh(self) -> Self:
        """Forget all answers, so that the next question asks the server again."""
        self._rows.clear()
        self._told_of.clear()
        return self

    def get_namespace_costs(
        self, start_date: date | str, end_date: date | str
    ) -> list[NamespaceCost]:
        """What each namespace cost, the largest first; ``__idle__`` is one of them.

        Args:
            start_date: First day.
            end_date: Last day; it is inside, here and everywhere else.

        Raises:
            ConfigurationError: A day is none, or the options are wrong.
            PluginError: ``finops-kubecost`` is not installed.
            AccessError: The server refuses us, or there is none.
            RetryLaterError: It is too busy.
            DataError: Its answer cannot be read, or it knows no such cluster.
        """
        with self._told(start_date, end_date) as found:
            return answers.costs_of(answers.NamespaceCost, found)

    def get_pod_costs(
        self, namespace: str | None, start_date: date | str, end_date: date | str
    ) -> list[PodCost]:
        """What each container of each pod cost, and how much it had, the largest first.

        Args:
            namespace: Only its pods; all where None.
            start_date: First day.
            end_date: Last day.
        """
        with self._told(start_date, end_date) as found:
            return answers.pod_costs(found.of_namespace(namespace) if namespace else found)

    def get_controller_costs(
        self, start_date: date | str, end_date: date | str
    ) -> list[ControllerCost]:
        """What each deployment, daemon set, job, … cost, the largest first."""
        with self._told(start_date, end_date) as found:
            return answers.costs_of(answers.ControllerCost, found)

    def get_node_costs(self, start_date: date | str, end_date: date | str) -> list[NodeCost]:
        """What ran on each node cost, the largest first."""
        with self._told(start_date, end_date) as found:
            return answers.costs_of(answers.NodeCost, found)

    def get_cluster_costs(self, start_date: date | str, end_date: date | str) -> list[ClusterCost]:
        """What each cluster cost, the largest first."""
        with self._told(start_date, end_date) as found:
            return answers.costs_of(answers.ClusterCost, found)

    def get_costs_by_label(
        self,
        label_key: str,
        start_date: date | str,
        end_date: date | str,
        label_value: str | None = None,
    ) -> dict[str, Decimal]:
        """What the workloads with each value of a label cost, the largest first.

        Args:
            label_key: The label, as Kubernetes writes it.
            start_date: First day.
            end_date: Last day.
            label_value: Only this value; where None, all values, with ``__unallocated__`` (no such
                label) and ``__idle__``: together the whole cost.

        Raises:
            DataError: The clusters are priced in several currencies.
        """
        with self._told(start_date, end_date) as found:
            found.currency()
            costs: list[LabelCost] = answers.label_costs(found, label_key)
        return {one.value: one.total_cost for one in costs if label_value in (None, one.value)}

    def get_cost_allocation(
        self,
        allocation_key: str,
        start_date: date | str,
        end_date: date | str,
        allocation_type: str = answers.LABEL,
    ) -> CostAllocation:
        """Split all costs by one dimension; what belongs to no value is the unallocated part.

        Args:
            allocation_key: The key of the label; for other types, the type's name once more.
            start_date: First day.
            end_date: Last day.
            allocation_type: ``label``, ``namespace``, ``controller``, ``controller_kind``,
                ``node``, ``pod``, ``container`` or ``cluster``.
        """
        if allocation_type != answers.LABEL and allocation_key not in ("", allocation_type):
            raise ConfigurationError(
                f"costs are allocated by {allocation_type}, which has no key {allocation_key!r}",
                hint=f"give {allocation_type!r} as key, or ask for allocation_type='label'",
            )
        with self._told(start_date, end_date) as found:
            return answers.allocate(found, allocation_type, allocation_key)

    def identify_idle_resources(
        self,
        threshold: float = DEFAULT_THRESHOLD,
        *,
        start_date: date | str,
        end_date: date | str,
    ) -> list[IdleResource]:
        """CPU and memory of pods that are used less than a threshold, the largest waste first.

        Args:
            threshold: Utilisation, as a share: 0.2 is 20 %.
            start_date: First day.
            end_date: Last day.
        """
        with self._told(start_date, end_date) as found:
            return idle_resources(found, threshold)

    def get_cluster_efficiency(
        self,
        start_date: date | str,
        end_date: date | str,
        threshold: float = DEFAULT_THRESHOLD,
    ) -> dict[str, Any]:
        """How well the cluster is used: the fields of `ClusterEfficiency`, as a mapping.

        What cannot be told is ``nan``: unknown is not 0, and prints in any format.

        Args:
            start_date: First day.
            end_date: Last day.
            threshold: Utilisation below which a resource counts as idle, as a share.

        Raises:
            DataError: The server has nothing of these days.
        """
        with self._told(start_date, end_date) as found:
            answer = cluster_efficiency(found, name=self.config.cluster_name, threshold=threshold)
        if answer is None:
            raise DataError(
                f"{self.config.kubecost_url} has no allocations from {found.window}",
                hint="ask for days since it was installed, and within its retention",
            )
        return {
            name: math.nan if value is None else value for name, value in asdict(answer).items()
        }

    @contextmanager
    def allocations(self, start_date: date | str, end_date: date | str) -> Iterator[Allocations]:
        """The rows behind all answers, ready for questions of your own."""
        from finops_cost_management.engine import Engine
        from finops_cost_management.query.kubernetes import Allocations
        from finops_cost_management.settings import load_settings

        window = _so_far(days_inside(start_date, end_date))
        with Engine.of(load_settings()) as engine:
            if window not in self._rows:
                self._rows[window] = self._collect(window, engine)
            found = Allocations.of(engine.table_of(self._rows[window]), window)
            yield self._of_cluster(found)

    @contextmanager
    def _told(self, start_date: date | str, end_date: date | str) -> Iterator[Allocations]:
        """The rows behind an answer; what is to be known beside it goes into the log."""
        with self.allocations(start_date, end_date) as found:
            url, name = self.config.kubecost_url, self.config.cluster_name
            if found.window not in self._told_of:
                self._told_of.add(found.window)
                if missing := found.days_missing():
                    log.warning(
                        "%s has nothing of %d of the %d days %s: they are in no sum",
                        url,
                        len(missing),
                        found.window.days,
                        found.window,
                    )
                if name not in (None, *(clusters := found.clusters())) and clusters:
                    log.warning("%s calls its cluster %s, not %s", url, clusters[0], name)
            yield found

    def _of_cluster(self, found: Allocations) -> Allocations:
        """The cluster that is asked for, where several answer."""
        name, clusters = self.config.cluster_name, found.clusters()
        if name is None or not clusters or clusters == [name]:
            return found
        if name in clusters:
            return found.of_cluster(name)
        if len(clusters) == 1:  # its installation may call it by another name than people do
            return found
        raise DataError(
            f"{self.config.kubecost_url} knows no cluster {name!r}",
            hint=f"it knows {', '.join(clusters)}",
        )

    def _collect(self, window: DateWindow, engine: Engine) -> pa.Table:
        """The rows of all days, as the store would hold them."""
        from finops_cost_management.plugins.caller import ComponentCaller
        from finops_cost_management.query.kubernetes_delivered import delivered_rows

        source = self._source()
        caller = ComponentCaller()
        caller.add(source)
        deliveries: Iterator[Delivery] = caller.call(source, window=window, engine=engine)
        return delivered_rows(deliveries, engine)

    def _source(self) -> Component[Any]:
        from finops_cost_management import logs
        from finops_cost_management.plugins.registry import Registry

        cls = Registry().find("sources", SOURCE)
        key = self.config.api_key
        if key is not None:
            logs.hide(key.get_secret_value())
        given = {
            "url": self.config.kubecost_url,
            "cluster": self.config.cluster_name,
            "api_key": key,
            "timeout": self.config.timeout,
            "verify_ssl": self.config.verify_ssl,
            "ca_bundle": self.config.ca_bundle,
            "api_key_header": self.config.api_key_header,
            "currency": self.config.currency,
            "provider": self.config.provider,
        }
        try:
            options = cls.Options.model_validate(
                {name: value for name, value in given.items() if value is not None}
            )
        except ValidationError as error:
            raise ConfigurationError(
                "; ".join(
                    f"{detail['loc'][0]}: {detail['msg']}"
                    for detail in error.errors(include_url=False, include_input=False)
                ),
                hint="these are options of kubecost.allocation",
            ) from error
        return cls(options, name="kubecost")


def _so_far(window: DateWindow) -> DateWindow:
    """Without the days that have not come yet."""
    tomorrow = days_after(calendar.today_utc(), 1)
    if window.start >= tomorrow:
        raise ConfigurationError(
            f"nothing is known of {window}: these days are still to come",
            hint=f"today is {calendar.today_utc()} (UTC)",
        )
    return DateWindow(window.start, min(window.end, tomorrow))
