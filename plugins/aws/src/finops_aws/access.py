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
    return made


def _session(options: AwsOptions) -> Any:
    session = _new_session(profile_name=options.profile)
    if options.role_arn is None:
        return session
    assumed = {"RoleArn": options.role_arn, "RoleSessionName": "finops"}
    if options.external_id is not None:
        assumed["ExternalId"] = options.external_id
    with explained("sts:AssumeRole"):
        given = session.client("sts").assume_role(**assumed)["Credentials"]
    return _new_session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=session.region_name,
    )


def _new_session(**given: Any) -> Any:
    import boto3
    from botocore.session import Session

    core, models = Session(), _models()
    core.register_component("data_loader", models)
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

    try:
        yield
    except exceptions.ClientError as error:
        raise _in_words(error, action) from error
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
            f"no AWS region for {action}", hint="set AWS_REGION, or a region in the profile"
        ) from error
    except (
        exceptions.HTTPClientError,
        exceptions.ConnectionError,
        RetriesExceededError,  # a download that broke off again and again
    ) as error:
        raise RetryLaterError(
            f"AWS cannot be reached for {action}: {error}",
            hint="check the network and the proxy, then run again",
        ) from error
    except exceptions.BotoCoreError as error:
        raise DataError(f"{action}: {error}", hint="check the options of this step") from error


def _in_words(error: Any, action: str) -> FinopsError:
    told = error.response.get("Error", {})
    code, message = str(told.get("Code", "")), str(told.get("Message", "")) or str(error)
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
