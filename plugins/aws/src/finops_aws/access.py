"""How AWS is reached: the session, its clients, and what their errors mean."""

from __future__ import annotations

import re
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from finops_cost_management import AccessError, DataError, FinopsError, Options, RetryLaterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from finops_cost_management.plugins.component import Component

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 10, 60, 6
RENEWED_SECONDS = 15 * 60
"""How long before its credentials run out a role is assumed again; botocore renews them then."""


class AwsOptions(Options):
    """Who asks AWS. What is absent is as the AWS tools have it: environment, profile, role."""

    profile: str | None = None
    """The profile of the AWS configuration files whose credentials are used."""

    role_arn: str | None = None
    """A role to assume with these credentials, as for reading another account."""

    external_id: str | None = None
    """The external id that the role asks for, where it does."""


def client(component: Component[Any], service: str, region: str | None = None) -> Any:
    """A client that waits, tries again with back-off, and counts its requests.

    Args:
        component: Whose `AwsOptions` and whose count of requests are used; each try counts.
        service: The service, as boto3 names it.
        region: Where; the default region of the credentials if not given.

    Raises:
        AccessError: There is no such profile, or it may not assume the role.
        RetryLaterError: The role cannot be assumed now.
        DataError: The profile, or the region that it names, is none.
    """
    from botocore.config import Config

    with explained(service):  # what is wrong with a profile, its client says
        made = _session(component.options).client(
            service,
            region_name=region,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"mode": "standard", "max_attempts": ATTEMPTS},
            ),
        )

    def count(**_: object) -> None:
        component.requests = (component.requests or 0) + 1

    made.meta.events.register("before-send.*", count)
    made.meta.events.register("before-parse.*", _refuse_pages)
    return made


def _refuse_pages(response_dict: Any, **_: object) -> None:
    """A page of a proxy may be good XML, and would be read as an answer that has nothing."""
    from botocore.parsers import ResponseParserError

    body = response_dict["body"]
    is_answer = response_dict["status_code"] < 300  # noqa: PLR2004 # what is refused is told as such
    if is_answer and isinstance(body, bytes) and _PAGE.match(body[:99].decode("latin-1").lstrip()):
        raise ResponseParserError("a page")


def _session(options: AwsOptions) -> Any:
    session = _new_session(profile_name=options.profile)
    if options.role_arn is None:
        return session
    with explained("sts:AssumeRole"):
        role = _AssumedRole(session, options.role_arn, options.external_id)
    return _new_session(role, region_name=session.region_name)


class _AssumedRole:
    """Where a session has its credentials from: a role, assumed anew whenever they run out.

    Args:
        session: Who assumes it.
        arn: The role.
        external_id: What the role asks for, where it does.
    """

    def __init__(self, session: Any, arn: str, external_id: str | None) -> None:
        from botocore.credentials import AssumeRoleCredentialFetcher
        from botocore.exceptions import NoCredentialsError

        own = session.get_credentials()
        if own is None:
            raise NoCredentialsError
        extra = {"RoleSessionName": "finops"}
        if external_id is not None:
            extra["ExternalId"] = external_id
        self._fetcher = AssumeRoleCredentialFetcher(
            session.client, own, arn, extra_args=extra, expiry_window_seconds=RENEWED_SECONDS
        )
        self._fetcher.fetch_credentials()  # who may not assume it is told so here

    def load_credentials(self) -> Any:
        """As botocore asks for the credentials of a session."""
        from botocore.credentials import DeferredRefreshableCredentials

        return DeferredRefreshableCredentials(self._fetcher.fetch_credentials, "assume-role")


def _new_session(role: _AssumedRole | None = None, **given: Any) -> Any:
    import boto3
    from botocore.session import Session

    core, models = Session(), _models()
    core.register_component("data_loader", models)
    if role is not None:
        core.register_component("credential_provider", role)
    session = boto3.Session(botocore_session=core, **given)
    models.search_paths[:] = dict.fromkeys(models.search_paths)  # each session adds its own
    return session


@cache
def _models() -> Any:
    """AWS's descriptions of its services: a fifth of a second each, so all sessions share them."""
    from botocore.session import Session

    return Session().get_component("data_loader")


_DENIED = re.compile(r"access.?denied|unauthorized|not.?authorized|forbidden|403", re.IGNORECASE)
_BUSY = re.compile(
    r"throttl|toomanyrequests|limitexceeded|requestlimit|slowdown|serviceunavailable"
    r"|internalerror|internalfailure|50[0234]",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"expiredtoken|authfailure|invalidclienttoken|unrecognizedclient|invalidaccesskey"
    r"|signaturedoesnotmatch|requestexpired",
    re.IGNORECASE,
)
_SWITCHED_OFF = re.compile(
    r"not enabled|haven.t enabled|not (been )?opted|opt.?in|subscription", re.IGNORECASE
)
_MISSING = re.compile(r"nosuchbucket|nosuchkey|notfound|notinuse|404", re.IGNORECASE)


_PAGE = re.compile(r"<(!doctype html|html|head|body)", re.IGNORECASE)
_BROKEN = re.compile(r"5\d\d")
"""What botocore calls an error that has no code of AWS's."""


@contextmanager
def explained(action: str) -> Iterator[None]:
    """Say what AWS refused, in words, and what to do about it.

    Args:
        action: The IAM action that is being used, as a policy names it: ``s3:GetObject``; or the
            service alone, where nothing is asked yet.

    Raises:
        AccessError: Credentials or a permission are missing, or what is asked for is not there.
        RetryLaterError: AWS is busy, or cannot be reached.
        DataError: AWS refused the question.
    """
    from boto3.exceptions import RetriesExceededError
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    service = action.partition(":")[0]  # whole services are out of reach, not single actions
    try:
        yield
    except exceptions.ClientError as error:
        raise (_page_in_words(error, service) or _in_words(error, action)) from error
    except (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.TokenRetrievalError,
        exceptions.SSOError,
        exceptions.ProfileNotFound,
    ) as error:
        raise AccessError(
            f"no AWS credentials for {action}: {error}",
            hint="sign in (`aws sso login`), set AWS_PROFILE or AWS_ACCESS_KEY_ID, or name a "
            "`profile` in the pipeline",
        ) from error
    except exceptions.NoRegionError as error:
        raise AccessError(
            f"no AWS region for {action}", hint="set AWS_DEFAULT_REGION, or a region in the profile"
        ) from error
    except RetriesExceededError as error:  # a download that broke off again and again
        raise RetryLaterError(
            f"AWS cannot be reached for {action}: {error}",
            hint="check the network and the proxy, then run again",
        ) from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
        raise RetryLaterError(
            f"AWS cannot be reached for {service}: {_on_one_line(error)}",
            hint="check the name of the region, the network and the proxy, then run again",
        ) from error
    except ResponseParserError as error:  # says what came instead: whole pages
        raise RetryLaterError(
            f"what answers for {service} is not AWS: it says neither XML nor JSON",
            hint="check the proxy, and AWS_ENDPOINT_URL where it is set; then run again",
        ) from error
    except exceptions.BotoCoreError as error:
        raise DataError(f"{action}: {error}", hint="check the options of this step") from error


def _on_one_line(said: object) -> str:
    return " ".join(str(said).split())


def _page_in_words(error: Any, service: str) -> FinopsError | None:
    """What is said of an answer that has no error of AWS's; None where it has one."""
    told, meta = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
    code = str(told.get("Code", ""))
    if not _PAGE.match(str(told.get("Message", "")).lstrip()) and not _BROKEN.fullmatch(code):
        return None
    return RetryLaterError(
        f"{service} answers HTTP {meta.get('HTTPStatusCode', code)}, and not as AWS does",
        hint="check the proxy, and AWS_ENDPOINT_URL where it is set; run again later",
    )


def _in_words(error: Any, action: str) -> FinopsError:
    told = error.response.get("Error", {})
    code, message = str(told.get("Code", "")), _on_one_line(told.get("Message") or error)
    named = re.search(r"perform: ([\w-]+:\w+)", message)
    if not named and _SWITCHED_OFF.search(f"{code} {message}"):
        return AccessError(
            f"{action}: {message}", hint="enable it in the AWS console, then wait for a day"
        )
    if _SIGNATURE.search(code):
        return AccessError(
            f"AWS does not accept the credentials for {action}: {message}",
            hint="sign in again; in a region that the account has not opted into, nothing works",
        )
    if _DENIED.search(code):
        return AccessError(
            f"AWS refuses {named[1] if named else action}: {message}",
            hint=f"allow {named[1] if named else action}; `finops aws permissions` prints the "
            "whole policy",
        )
    if _BUSY.search(code):
        return RetryLaterError(f"AWS is busy at {action}: {message}", hint="run again later")
    if _MISSING.search(code):
        return AccessError(f"{action}: {message}", hint="check the name and the account")
    return DataError(f"{action}: {code}: {message}", hint="check the options of this step")
