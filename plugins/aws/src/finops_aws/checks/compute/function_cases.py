"""Lambda functions that the cases of checks are made of."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING
from zipfile import ZipFile

if TYPE_CHECKING:
    from finops_aws.aws_case import ClientOf


def function(aws: ClientOf, memory: int, *, name: str = "mail", publish: bool = False) -> str:
    """The name of a new function.

    Args:
        aws: Gives clients.
        memory: In MB.
        name: Its name.
        publish: Whether it has a version of its own.
    """
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    code = BytesIO()
    with ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def main(event, context): pass")
    made = aws("lambda").create_function(
        FunctionName=name,
        Role=role["Role"]["Arn"],
        Runtime="python3.13",
        Handler="main.main",
        Code={"ZipFile": code.getvalue()},
        MemorySize=memory,
        Publish=publish,
    )
    return str(made["FunctionName"])
