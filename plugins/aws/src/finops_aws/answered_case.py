"""Cases of checks whose APIs no imitation of AWS knows: answers that are checked on the way.

Every request and every answer is checked against botocore's own model of the service: names,
types, required members and enumerations. What the model cannot know (how many, in which order,
what belongs together) is as AWS documents it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from finops_cost_management import SavingsCase

if TYPE_CHECKING:
    from finops_cost_management.plugins.savings_case import Charge

Answer = Mapping[str, Any]
"""What AWS answers, or ``{"Error": code, "Message": text}``."""

_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


class AnsweringAws:
    """An AWS that gives prepared answers to the operations of JSON services.

    Args:
        answers: Operation (``ListRecommendations``) → its answers, one for each request; the last
            one is given again. An operation without answers answers with an empty one.

    Attributes:
        asked: Operations and their arguments, in the order they came.
    """

    def __init__(self, answers: Mapping[str, Sequence[Answer]]) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._answers: dict[str, list[Answer]] = {
            name: list(given) for name, given in answers.items()
        }

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Answer every client that is made within, instead of AWS."""
        from unittest.mock import patch

        from botocore import handlers

        handler = ("before-send", self._respond)
        # The first handler that answers wins: ours comes before those of other imitations.
        handlers.BUILTIN_HANDLERS.insert(0, handler)
        try:
            with patch.dict(os.environ, _CREDENTIALS):
                os.environ.pop("AWS_PROFILE", None)
                yield
        finally:
            handlers.BUILTIN_HANDLERS.remove(handler)

    def _respond(self, request: Any, **_: object) -> Any:
        from botocore.awsrequest import AWSResponse

        target = request.headers["X-Amz-Target"]
        target = target.decode() if isinstance(target, bytes) else target
        prefix, _dot, operation = target.rpartition(".")
        model = _service(prefix).operation_model(operation)
        asked = json.loads(request.body)
        check_model(asked, model.input_shape, f"request {operation}")
        self.asked.append((operation, asked))
        left = self._answers.get(operation) or [{}]
        answer: Answer = left.pop(0) if len(left) > 1 else left[0]
        refused = "Error" in answer
        if refused:
            answer = {"__type": answer["Error"], "message": answer.get("Message", "")}
        else:
            check_model(answer, model.output_shape, f"answer of {operation}")
        body = json.dumps(answer, default=lambda moment: moment.timestamp()).encode()
        return AWSResponse(
            request.url, 400 if refused else 200, {"x-amzn-RequestId": "tested"}, _Body(body)
        )


class _Body:
    """What botocore reads of an answer."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self._content


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredCase(SavingsCase):
    """What AWS answers, and what a check must say of it.

    Attributes:
        answers: As `AnsweringAws` takes them.
        charges: The bill; it may be empty.
    """

    answers: Mapping[str, Sequence[Answer]]
    charges: Sequence[Charge] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """AWS with these answers, for as long as the check is asked."""
        with AnsweringAws(self.answers).answering():
            yield


def _service(prefix: str) -> Any:
    """The model of the service whose requests carry this prefix."""
    from botocore.session import get_session

    session = get_session()
    for name in _SERVICES:
        model = session.get_service_model(name)
        if model.metadata.get("targetPrefix") == prefix:
            return model
    raise AssertionError(f"no model is known for requests to {prefix}")


_SERVICES = ("ce", "compute-optimizer", "cost-optimization-hub")


def check_model(value: Any, shape: Any, what: str) -> None:
    """See that a request or an answer is as AWS describes it.

    Args:
        value: Its members.
        shape: botocore's model of it.
        what: What it is, for the message.

    Raises:
        AssertionError: A name, a type, a required member or a word of an enumeration is wrong.
    """
    from botocore.validate import ParamValidator

    report = ParamValidator().validate(value, shape)
    problems = [report.generate_report()] if report.has_errors() else []
    problems += _wrong_words(value, shape, what)
    if problems:
        raise AssertionError(f"{what} is not as botocore's model has it: {'; '.join(problems)}")


def _wrong_words(value: Any, shape: Any, where: str) -> Iterator[str]:
    """Words that no enumeration has: botocore does not look at them."""
    if shape is None or value is None:
        return
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from _wrong_words(value.get(name), member, f"{where}.{name}")
    elif shape.type_name == "list":
        for one in value:
            yield from _wrong_words(one, shape.member, where)
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{where} is {value!r}"
