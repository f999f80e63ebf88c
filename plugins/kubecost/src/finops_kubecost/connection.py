"""How Kubecost and OpenCost are reached, and what their refusals mean."""

from __future__ import annotations

import json
import logging
import re
import time
import warnings
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path  # noqa: TC003 # pydantic reads the annotations
from time import sleep as pause
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import urljoin, urlsplit

from pydantic import Field, SecretStr, field_validator

from finops_cost_management import (
    AccessError,
    ConfigurationError,
    DataError,
    Options,
    RetryLaterError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import requests

    from finops_cost_management.plugins.component import Component

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10
ATTEMPTS = 4
BACK_OFF_SECONDS = 1.0
"""How long to wait after the first failure; twice as long after each further one."""
LONGEST_WAIT_SECONDS = 60.0
"""A server may ask us to wait; no longer than this."""
MAXIMUM_BYTES = 512 * 2**20
"""The largest answer that is read: a day of some 200,000 containers."""
_HOPS = 4
"""How many times a question may be sent on, the first time included."""
SLOWEST = 20
"""An answer that trickles may take this many times `timeout` in all."""

PORT_FORWARD = (
    "is it running? `kubectl port-forward -n kubecost svc/kubecost-cost-analyzer 9090:9090` "
    "makes Kubecost answer at http://localhost:9090, `kubectl port-forward -n opencost "
    "svc/opencost 9003:9003` OpenCost at http://localhost:9003"
)


class KubecostOptions(Options):
    """Which Kubecost or OpenCost is asked, and how it is reached."""

    url: str = "http://localhost:9090"
    """The address of Kubecost or OpenCost; which of the two answers there is found by asking."""

    cluster: str | None = None
    """What the cluster is called, where its answers do not tell."""

    api_key: SecretStr | None = None
    """The key that the API asks for, where it does."""

    api_key_header: str = Field(default="X-API-Key", pattern=r"^[A-Za-z0-9-]+$")
    """The header that carries the key; `Authorization` carries it as a bearer token."""

    verify_ssl: bool = True
    """Whether the certificate of an `https` address must be valid."""

    ca_bundle: Path | None = None
    """A PEM file with the certificate authorities to trust, for a company's own."""

    timeout: float = Field(default=30, gt=0, le=3600)
    """Seconds that the server may be silent before the question is asked again."""

    page_size: int = Field(default=10_000, ge=1)
    """How many allocations are asked for at once, where the server gives pages."""

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """The currency of all costs that the server tells: its answers do not say."""

    @field_validator("url")
    @classmethod
    def _address(cls, url: str) -> str:
        parts = urlsplit(url.strip())
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("must be an address such as http://localhost:9090")
        if parts.username or parts.password:
            raise ValueError("must hold no credentials: the key goes into `api_key`")
        if parts.query or parts.fragment:
            raise ValueError("must end before the '?': the questions are ours")
        path = re.sub(r"(/model)?(/allocation)?(/compute)?/*$", "", parts.path)
        return f"{parts.scheme}://{parts.netloc}{path}"


class NotHereError(AccessError):
    """The server answers, but not at this path."""


class NoDataError(DataError):
    """The server has nothing of the time that it was asked for."""


class _TryAgainError(Exception):
    """What went wrong may go right in a moment."""

    def __init__(self, what: str, *, wait: float | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what, self.wait, self.hint = what, wait, hint


class Connection:
    """Asks one server; patient with one that is busy, clear about one that refuses.

    Args:
        component: Whose `KubecostOptions` and whose count of requests are used; each try counts.
    """

    def __init__(self, component: Component[Any]) -> None:
        import requests

        self._component = component
        self._options: KubecostOptions = component.options
        self.url = self._options.url
        self._session = requests.Session()
        # Without one of ours, requests signs in with what ~/.netrc says of the host.
        self._session.auth = lambda request: request
        self._reached = False
        if key := self._key():
            header = self._options.api_key_header
            bearer = header.lower() == "authorization" and " " not in key
            self._session.headers[header] = f"Bearer {key}" if bearer else key
        if self._options.ca_bundle is not None and not self._options.ca_bundle.is_file():
            raise AccessError(
                f"there is no file {self._options.ca_bundle}", hint="check `ca_bundle`"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def get(self, path: str, parameters: Mapping[str, str]) -> Any:
        """The JSON at a path, fractions as `Decimal`, NaN and infinities as None.

        Raises:
            NotHereError: There is no API at this path.
            NoDataError: The server has nothing of this time.
            AccessError: The server cannot be reached, or refuses us.
            DataError: It does not take the question, or its answer is no JSON.
            RetryLaterError: It is busy, too slow, or breaks off, time after time.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._answer(path, parameters)
            except _TryAgainError as again:
                if attempt == ATTEMPTS:
                    raise RetryLaterError(
                        f"{self.url}{path} {again.what}, {ATTEMPTS} times in a row",
                        hint=again.hint or "run again later",
                    ) from again
                wait = again.wait if again.wait is not None else BACK_OFF_SECONDS * 2**attempt / 2
                log.info("%s%s %s: asking again in %.1f s", self.url, path, again.what, wait)
                pause(min(wait, LONGEST_WAIT_SECONDS))

    def _key(self) -> str:
        key = self._options.api_key.get_secret_value().strip() if self._options.api_key else ""
        if not (key.isascii() and key.isprintable()):
            # Said here, not by a validator: its message would show the key.
            raise ConfigurationError(
                "the API key has characters that no key has", hint="check `api_key`"
            )
        return key

    def _answer(self, path: str, parameters: Mapping[str, str]) -> Any:
        status, wait, body = self._exchange(path, parameters)
        if status >= 300:  # noqa: PLR2004 # redirects were followed
            self._refused(path, status, _message(_text(body)), wait)
        answer = self._parsed(path, body)
        told = answer.get("code") if isinstance(answer, dict) else None
        if isinstance(told, int) and told >= 300:  # noqa: PLR2004 # a refusal in a body of its own
            self._refused(path, told, str(answer.get("message") or answer), None)
        return answer

    def _exchange(
        self, path: str, parameters: Mapping[str, str]
    ) -> tuple[int, float | None, bytes]:
        """One question, redirects on the same server included: status, wish to wait, body."""
        address: str = self.url + path
        asked: Mapping[str, str] | None = parameters
        with self._explained():
            for _ in range(_HOPS):
                with self._response(address, asked) as response:
                    self._reached = True
                    if not response.is_redirect:
                        wait = _seconds(response.headers.get("Retry-After"))
                        return response.status_code, wait, self._body(response)
                    address, asked = self._elsewhere(address, response), None
        raise AccessError(f"{self.url}{path} sends us round in circles", hint="check `url`")

    def _response(self, address: str, asked: Mapping[str, str] | None) -> requests.Response:
        from urllib3.exceptions import InsecureRequestWarning

        options = self._options
        self._component.requests = (self._component.requests or 0) + 1
        with warnings.catch_warnings():
            # Who switches the verification off has decided so.
            warnings.simplefilter("ignore", InsecureRequestWarning)
            return self._session.get(
                address,
                params=asked,
                timeout=(CONNECT_SECONDS, options.timeout),
                verify=str(options.ca_bundle) if options.ca_bundle else options.verify_ssl,
                allow_redirects=False,
                stream=True,
            )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What stands between us and the server, in words."""
        import urllib3
        from requests import exceptions

        try:
            yield
        except exceptions.SSLError as error:
            raise AccessError(
                f"the certificate of {self.url} is not accepted: {self._words(str(error))}",
                hint="name the authority's file in `ca_bundle`; is it https at all?",
            ) from error
        except exceptions.ProxyError as error:
            raise AccessError(
                f"the proxy does not let us through to {self.url}: {_reason(error)}",
                hint="check HTTP_PROXY and HTTPS_PROXY; NO_PROXY names what needs none",
            ) from error
        except exceptions.Timeout as error:
            raise self._silent(error) from error
        except exceptions.ConnectionError as error:
            raise self._cut_off(error) from error
        except (exceptions.ChunkedEncodingError, exceptions.ContentDecodingError) as error:
            raise _TryAgainError("breaks off in the middle of an answer") from error
        except (exceptions.RequestException, urllib3.exceptions.HTTPError) as error:
            raise AccessError(
                f"{self.url} cannot be asked: {self._words(str(error))}", hint="check `url`"
            ) from error

    def _cut_off(self, error: Exception) -> _TryAgainError | AccessError:
        from urllib3.exceptions import NewConnectionError, ReadTimeoutError

        if any(isinstance(cause, ReadTimeoutError) for cause in error.args):
            return self._silent(error)
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        if self._reached or not isinstance(reason, NewConnectionError):
            return _TryAgainError("breaks the connection off", hint=PORT_FORWARD)
        return AccessError(
            f"failed to connect to Kubecost at {self.url}: {_reason(error)}", hint=PORT_FORWARD
        )

    def _silent(self, error: Exception) -> _TryAgainError | AccessError:
        from requests.exceptions import ConnectTimeout

        if isinstance(error, ConnectTimeout) and not self._reached:
            return AccessError(
                f"failed to connect to Kubecost at {self.url} within {CONNECT_SECONDS} s",
                hint=PORT_FORWARD,
            )
        return _TryAgainError(
            f"does not answer within {self._options.timeout:g} s", hint="raise `timeout`"
        )

    def _body(self, response: requests.Response) -> bytes:
        body = bytearray()
        deadline = time.monotonic() + SLOWEST * self._options.timeout
        for chunk in response.iter_content(2**16):
            body += chunk
            if len(body) > MAXIMUM_BYTES:
                raise DataError(
                    f"{self.url} answers with more than {MAXIMUM_BYTES / 2**20:.0f} MiB",
                    hint="lower `page_size`",
                )
            if time.monotonic() > deadline:
                raise _TryAgainError("answers by the drop", hint="raise `timeout`")
        return bytes(body)

    def _elsewhere(self, address: str, response: requests.Response) -> str:
        """Where a redirect leads, if that is the same server: the key is for no other."""
        target = urljoin(address, response.headers["Location"])
        old, new = urlsplit(address), urlsplit(target)
        upgraded = (old.scheme, new.scheme) == ("http", "https")
        same_port = (old.scheme, old.port) == (new.scheme, new.port)
        if new.hostname == old.hostname and (upgraded or same_port):
            return target
        raise AccessError(
            f"{self.url} sends us on to {new.scheme}://{new.hostname}, which is not asked",
            hint="name the address of the API itself in `url`; a page to sign in needs an `api_key`"
            " or an address behind it",
        )

    def _refused(self, path: str, status: int, text: str, wait: float | None) -> NoReturn:
        words = self._words(text)
        if "empty AssetSet" in text:
            raise NoDataError(f"{self.url}{path}: {words}")
        if status in {401, 403}:
            given = "does not accept the API key" if self._key() else "asks for a key"
            raise AccessError(
                f"{self.url} {given}: {status} {words}".rstrip(),
                hint=f"check `api_key`; it is sent as {self._options.api_key_header} "
                "(`api_key_header`)",
            )
        if status in {404, 405, 501}:
            raise NotHereError(
                f"{self.url} has no {path}: {status} {words}".rstrip(), hint="check `url`"
            )
        if status in {408, 425, 429} or status >= 500:  # noqa: PLR2004 # the server's own trouble
            raise _TryAgainError(f"answers {status} {words}".rstrip(), wait=wait)
        raise DataError(
            f"{self.url}{path} does not take the question: {status} {words}".rstrip(),
            hint="is it a Kubecost or OpenCost of the last years? check `url`",
        )

    def _parsed(self, path: str, body: bytes) -> Any:
        text = _text(body).lstrip("\ufeff \t\r\n")
        if text[:1] == "<":
            raise NotHereError(
                f"{self.url}{path} answers with a web page", hint="name the API's address in `url`"
            )
        try:
            return json.loads(text, parse_float=Decimal, parse_constant=lambda _: None)
        except RecursionError as error:
            raise DataError(f"{self.url}{path} answers with JSON that has no end") from error
        except ValueError as error:
            if not text or text[0] in "{[":
                raise _TryAgainError("breaks off in the middle of an answer") from error
            raise DataError(
                f"{self.url}{path} does not answer in JSON: {self._words(text)}",
                hint="check `url`",
            ) from error

    def _words(self, text: str) -> str:
        """What a server says, fit for one line of a message."""
        if key := self._key():
            text = text.replace(key, "***")
        before_json = re.split(r"\n\s*[{\[]", text, maxsplit=1)[0]  # some go on with the answer
        plain = " ".join(re.sub(r"<[^>]*>|[^\x20-\x7e\xa0-\uffff]", " ", before_json).split())
        return plain if len(plain) <= 200 else f"{plain[:200]}…"  # noqa: PLR2004 # a line's worth


def _text(body: bytes) -> str:
    return body.decode("utf-8", errors="replace")


def _message(text: str) -> str:
    """What a refusal says, where it says it in JSON; else the whole text."""
    try:
        told = json.loads(text)
        return str(told["message"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return text


def _seconds(retry_after: str | None) -> float | None:
    return float(retry_after) if retry_after and retry_after.isdecimal() else None


def _reason(error: Exception) -> str:
    """The operating system's words, out of the layers around them."""
    told = re.search(r"\[Errno [^\]]*\] ([^'\")]+)", str(error))
    return told[1].strip().lower() if told else type(error).__name__
