"""Values of an account that templates refer to: its id, SSM parameters and exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tapctl.aws.errors import aws_call
from tapctl.aws.stacks import stack_name
from tapctl.errors import AwsError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

    from tapctl.aws.session import Aws

GET_CALLER = "sts:GetCallerIdentity"
GET_PARAMETERS = "ssm:GetParameters"
LIST_EXPORTS = "cloudformation:ListExports"
LIST_IMPORTS = "cloudformation:ListImports"
DESCRIBE_IMAGES = "ecr:DescribeImages"

PARAMETERS_PER_REQUEST = 10
"""https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameters.html"""


@dataclass(frozen=True, slots=True)
class StoredParameter:
    """An SSM parameter; `reference` is its name with the version or label it was read by, as `NAME:3`."""

    name: str
    reference: str
    type: str
    value: str


@dataclass(frozen=True, slots=True)
class Export:
    """An export of the Region and the id of the stack that exports it, "" where AWS leaves it out."""

    name: str
    value: str
    stack_id: str

    @property
    def stack(self) -> str:
        """The name of the stack."""
        return stack_name(self.stack_id)


def account_id(aws: Aws) -> str:
    """The account of the credentials in use, asked for once."""
    client: STSClient = aws.client("sts")
    with aws.identity, aws_call(GET_CALLER):
        aws.account_id = aws.account_id or str(client.get_caller_identity()["Account"])
    return aws.account_id


def stored_parameters(aws: Aws, names: Sequence[str]) -> tuple[StoredParameter, ...]:
    """The parameters that exist among at most ten names; a SecureString stays encrypted."""
    client: SSMClient = aws.client("ssm")
    with aws_call(GET_PARAMETERS):
        parameters = client.get_parameters(Names=names)["Parameters"]
    return tuple(
        StoredParameter(
            parameter["Name"],
            f"{parameter['Name']}{parameter.get('Selector', '')}",
            parameter["Type"],
            str(parameter["Value"]),
        )
        for parameter in parameters
    )


def exports(aws: Aws) -> tuple[Export, ...]:
    """Every export of the Region."""
    client: CloudFormationClient = aws.client("cloudformation")
    with aws_call(LIST_EXPORTS):
        pages = list(client.get_paginator("list_exports").paginate())
    return tuple(
        Export(export["Name"], str(export["Value"]), export.get("ExportingStackId", ""))
        for page in pages
        for export in page.get("Exports", [])
    )


def importers(aws: Aws, name: str) -> tuple[str, ...]:
    """The names of the stacks that import this export."""
    try:
        with aws_call(LIST_IMPORTS):
            pages = list(aws.pages("cloudformation", "ListImports", ExportName=name))
    except AwsError as error:
        # CloudFormation calls an export without importers an error.
        if error.code == "ValidationError" and "not imported" in error.aws_message:
            return ()
        raise
    return tuple(stack for page in pages for stack in page.get("Imports", []))


def has_image(aws: Aws, repository: str, tag: str) -> bool:
    """Whether a repository of the account in ECR has an image with this tag."""
    try:
        with aws_call(DESCRIBE_IMAGES):
            aws.client("ecr").describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except AwsError as error:
        if error.code in ("ImageNotFoundException", "RepositoryNotFoundException"):
            return False
        raise
    return True
