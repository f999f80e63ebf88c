"""Cases of checks whose services speak other protocols than JSON, and that moto does not know.

What the case answers is checked against botocore's own model, and written by moto in the protocol
of the service.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from finops_aws.answered_case import AnsweredCase, AnsweringAws, check_model

if TYPE_CHECKING:
    from collections.abc import Iterator


_NAMES = {"auto-scaling": "autoscaling"}
"""Services that events call otherwise than clients do."""


class DescribingAws(AnsweringAws):
    """An AWS that answers in the protocol of each service: JSON, XML, or the old query one."""

    def _respond(self, request: Any, **event: object) -> Any:
        from botocore.awsrequest import AWSResponse
        from moto.core.botocore_stubber import MockRawResponse
        from moto.core.serialize import get_serializer_class
        from moto.core.utils import get_service_model

        if "X-Amz-Target" in request.headers:
            return super()._respond(request, **event)
        _before, spoken, operation = str(event["event_name"]).split(".")
        service = _NAMES.get(spoken, spoken)
        left = self._answers.get(operation) or [{}]
        model = _service(service).operation_model(operation)
        protocol = model.service_model.resolved_protocol
        # Arguments in the query protocols are checked by the client, before they are flattened.
        asked = json.loads(request.body or "{}") if "json" in protocol else {}
        if asked:
            check_model(asked, model.input_shape, f"request {operation}")
        self.asked.append((operation, asked))
        answer = left.pop(0) if len(left) > 1 else left[0]
        if "Error" in answer:
            return AWSResponse(request.url, 403, {}, MockRawResponse(_error(answer, protocol)))
        check_model(answer, model.output_shape, f"answer of {operation}")
        writer = get_serializer_class(service, protocol)
        written = writer(get_service_model(service).operation_model(operation)).serialize(answer)
        return AWSResponse(request.url, 200, written["headers"], MockRawResponse(written["body"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedCase(AnsweredCase):
    """What AWS answers, in any protocol."""

    @contextmanager
    def prepared(self) -> Iterator[None]:
        """AWS with these answers, for as long as the check is asked."""
        with DescribingAws(self.answers).answering():
            yield


def _error(answer: Any, protocol: str) -> str:
    code, message = answer["Error"], answer.get("Message", "")
    if "json" in protocol:
        return json.dumps({"__type": code, "message": message})
    inside = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    if protocol == "ec2":
        return f"<Response><Errors>{inside}</Errors><RequestID>tested</RequestID></Response>"
    return f"<ErrorResponse>{inside}<RequestId>tested</RequestId></ErrorResponse>"


def _service(name: str) -> Any:
    from botocore.session import get_session

    return get_session().get_service_model(name)
