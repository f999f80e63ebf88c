"""A Cost Explorer that holds charges and truly answers, on loopback HTTP.

Every request and every answer is checked against botocore's own model of the service. The rules
that the model does not know are as AWS documents them: two groupings, an ``And`` of two at least,
one root for each expression, dates by granularity, tokens that belong to their question.
"""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

from finops_aws.answered_case import check_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ACCOUNT = "000000000001"
MOST_GROUPINGS, LEAST_OPERANDS = 2, 2
GROUPED = (
    *("AZ", "INSTANCE_TYPE", "LEGAL_ENTITY_NAME", "INVOICING_ENTITY", "LINKED_ACCOUNT"),
    *("OPERATION", "PLATFORM", "PURCHASE_TYPE", "REGION", "SERVICE", "TENANCY", "RECORD_TYPE"),
    "USAGE_TYPE",
)
"""What costs can be grouped by; the documentation leaves the region out, AWS does not."""

_IDENTITY = f"""<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Account>{ACCOUNT}</Account></GetCallerIdentityResult>
</GetCallerIdentityResponse>"""


@dataclass(frozen=True, kw_only=True)
class Charge:
    """One charge of one hour.

    Attributes:
        found: Whether a filter finds it. AWS counts some charges in groups and yet answers
            nothing, and no error, to a filter by the same value.
    """

    hour: datetime
    unblended: Decimal
    amortized: Decimal | None = None
    discount: Decimal = Decimal(0)
    dimensions: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    found: bool = True

    def amount(self, metric: str) -> Decimal:
        """What it cost by a metric."""
        plain = metric.removeprefix("Net")
        amount = (
            self.unblended
            if plain == "UnblendedCost" or self.amortized is None
            else (self.amortized)
        )
        return amount - self.discount if metric.startswith("Net") else amount

    def value(self, kind: str, key: str) -> str:
        """As it is in the keys of an answer."""
        if kind == "DIMENSION":
            nothing = {"REGION": "NoRegion", "OPERATION": "NoOperation"}
            return self.dimensions.get(key, nothing.get(key, ""))
        held = self.tags if kind == "TAG" else self.categories
        return f"{key}${held.get(key, '')}"


class RefusedError(Exception):
    """What AWS answers with an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class FakeCostExplorer:
    """Holds charges and answers GetCostAndUsage.

    Attributes:
        page_size: How many groups a page has.
        estimated_from: The first day that AWS still changes.
        asked: All questions that were answered or refused.
        refusals: What is refused next, code and message, before anything is answered.
    """

    def __init__(self, charges: Iterable[Charge] = (), *, page_size: int = 1000) -> None:
        self.charges = list(charges)
        self.page_size = page_size
        self.estimated_from = date.max
        self.account_names: dict[str, str] = {}
        self.asked: list[dict[str, Any]] = []
        self.refusals: list[tuple[str, str]] = []

    def answer(self, question: dict[str, Any]) -> dict[str, Any]:
        """What AWS would answer, or `RefusedError`."""
        operation = _model().operation_model("GetCostAndUsage")
        check_model(question, operation.input_shape, "the question")
        self.asked.append(question)
        if self.refusals:
            raise RefusedError(*self.refusals.pop(0))
        answer = self._answer(question)
        check_model(answer, operation.output_shape, "the answer")
        return answer

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        groupings = [(one["Type"], one["Key"]) for one in question.get("GroupBy", ())]
        if len(groupings) > MOST_GROUPINGS:
            raise RefusedError("ValidationException", "GroupBy has at most 2 members")
        if any(kind == "DIMENSION" and key not in GROUPED for kind, key in groupings):
            raise RefusedError("ValidationException", f"not a dimension to group by: {groupings}")
        granularity = question["Granularity"]
        start, end = (_instant(question["TimePeriod"][name], granularity) for name in _ENDS)
        if start >= end:
            raise RefusedError("ValidationException", "Start date should be before end date")
        meets = _condition(question["Filter"]) if "Filter" in question else None
        periods: dict[datetime, dict[tuple[str, ...], list[Charge]]] = {
            period: defaultdict(list) for period in _periods(start, end, granularity)
        }
        for charge in self.charges:
            matches = meets is None or (charge.found and meets(charge))
            if start <= charge.hour < end and matches:
                keys = tuple(charge.value(kind, key) for kind, key in groupings)
                period = max(begin for begin in periods if begin <= charge.hour)
                periods[period][keys].append(charge)
        return self._page(question, periods, end)

    def _page(
        self,
        question: dict[str, Any],
        periods: dict[datetime, dict[tuple[str, ...], list[Charge]]],
        end: datetime,
    ) -> dict[str, Any]:
        """Pages are cut by groups: a day may end on one and go on on the next."""
        same = json.dumps({**question, "NextPageToken": None}, sort_keys=True)
        first, _, asked = question.get("NextPageToken", f"0|{same}").partition("|")
        if asked != same:
            raise RefusedError("RequestChangedException", "Your request parameters changed")
        groups = [(period, keys) for period, of in periods.items() for keys in [None, *sorted(of)]]
        page = groups[int(first) : int(first) + self.page_size]
        told: dict[datetime, list[dict[str, Any]]] = {period: [] for period, _ in page}
        for period, keys in page:
            if keys is not None:
                told[period].append(
                    {
                        "Keys": list(keys),
                        "Metrics": {
                            metric: {
                                "Amount": f"{_sum(periods[period][keys], metric):.10f}",
                                "Unit": "USD",
                            }
                            for metric in question["Metrics"]
                        },
                    }
                )
        form = "%Y-%m-%dT%H:%M:%SZ" if question["Granularity"] == "HOURLY" else "%Y-%m-%d"
        ends = dict(zip(periods, [*list(periods)[1:], end], strict=True))
        answer: dict[str, Any] = {
            "GroupDefinitions": question.get("GroupBy", []),
            "ResultsByTime": [
                {
                    "TimePeriod": {"Start": f"{one:{form}}", "End": f"{ends[one]:{form}}"},
                    "Total": {},
                    "Groups": groups,
                    "Estimated": one.date() >= self.estimated_from,
                }
                for one, groups in told.items()
            ],
            "DimensionValueAttributes": [
                {"Value": account, "Attributes": {"description": name}}
                for account, name in self.account_names.items()
            ],
        }
        if (last := int(first) + self.page_size) < len(groups):
            answer["NextPageToken"] = f"{last}|{same}"
        return answer

    @contextmanager
    def served(self) -> Iterator[str]:
        """On loopback; gives its address."""
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if "X-Amz-Target" not in self.headers:  # the query protocol: STS
                    self._send(200, _IDENTITY, "text/xml")
                    return
                try:
                    self._send(200, json.dumps(fake.answer(json.loads(body))))
                except RefusedError as error:
                    self._send(400, json.dumps({"__type": error.code, "message": str(error)}))
                except AssertionError as error:  # the contract is broken: no retry helps
                    self._send(400, json.dumps({"__type": "Contract", "message": str(error)}))

            def _send(
                self, status: int, text: str, kind: str = "application/x-amz-json-1.1"
            ) -> None:
                content = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


_ENDS = ("Start", "End")


@cache
def _model() -> Any:
    from botocore.session import Session

    return Session().get_service_model("ce")


def _sum(charges: Iterable[Charge], metric: str) -> Decimal:
    return sum((charge.amount(metric) for charge in charges), Decimal(0))


def _instant(text: str, granularity: str) -> datetime:
    form = "%Y-%m-%dT%H:%M:%SZ" if granularity == "HOURLY" else "%Y-%m-%d"
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        raise RefusedError("ValidationException", f"{text} is no date of {granularity}") from None


def _periods(start: datetime, end: datetime, granularity: str) -> Iterator[datetime]:
    step = {"HOURLY": timedelta(hours=1), "DAILY": timedelta(days=1)}.get(granularity)
    while start < end:
        yield start
        start = start + step if step else (start.replace(day=1) + timedelta(days=32)).replace(day=1)


def _condition(expression: dict[str, Any]) -> Callable[[Charge], bool]:
    if len(expression) != 1:
        raise RefusedError("ValidationException", "Expression must have exactly one root")
    ((root, operand),) = expression.items()
    if root in ("And", "Or"):
        if len(operand) < LEAST_OPERANDS:
            raise RefusedError("ValidationException", f"{root} needs at least two operands")
        inner = [_condition(one) for one in operand]
        every = all if root == "And" else any
        return lambda charge: every(one(charge) for one in inner)
    key, options = operand["Key"], operand.get("MatchOptions", ["EQUALS", "CASE_SENSITIVE"])
    if not set(options) <= {"EQUALS", "CASE_SENSITIVE", "ABSENT"} or (
        root == "Dimensions" and "ABSENT" in options
    ):
        raise RefusedError("ValidationException", f"{options} do not go with {root}")
    kind = {"Dimensions": "DIMENSION", "Tags": "TAG", "CostCategories": "COST_CATEGORY"}[root]
    prefix = "" if kind == "DIMENSION" else f"{key}$"
    if "ABSENT" in options:
        return lambda charge: charge.value(kind, key) == prefix
    wanted = {prefix + value for value in operand["Values"]}
    if "CASE_SENSITIVE" in options:
        return lambda charge: charge.value(kind, key) in wanted
    small = {one.lower() for one in wanted}
    return lambda charge: charge.value(kind, key).lower() in small
