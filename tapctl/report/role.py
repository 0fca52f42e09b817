"""The role that reads an account of a fleet, with its trust: as CloudFormation, Terraform, or its policy alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tapctl.report.policy import Command, Statement, as_json, document, terraform_document, terraform_name

if TYPE_CHECKING:
    from tapctl.settings.targets import TargetAccount


def _role_as_cloudformation(statements: Sequence[Statement], role: TargetAccount) -> str:
    """A template with the role, for a stack set: it trusts the account of a parameter."""
    trust: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${TrustedAccount}:root"}},
        "Action": "sts:AssumeRole",
    }
    if role.external_id:
        trust["Condition"] = {"StringEquals": {"sts:ExternalId": role.external_id}}
    properties = {
        "RoleName": role.role_name,
        "Path": _path(role),
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "tapctl-preflight", "PolicyDocument": document(statements)}],
    }
    description = "The account whose credentials judge the fleet"
    body = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "The role that tapctl reads an account of a fleet with; create it in one Region of each account",
        "Parameters": {"TrustedAccount": {"Type": "String", "AllowedPattern": r"\d{12}", "Description": description}},
        "Resources": {"ReadRole": {"Type": "AWS::IAM::Role", "Properties": properties}},
    }
    return json.dumps(body, indent=2) + "\n"


def _path(role: TargetAccount) -> str:
    """`/a/` of an ARN that ends with `role/a/name`; `/` of a name."""
    inner = role.role.partition(":role/")[2].rpartition("/")[0]
    return f"/{inner}/" if inner else "/"


def _role_as_terraform(statements: Sequence[Statement], role: TargetAccount) -> str:
    name = terraform_name(f"{Command.PREFLIGHT} --targets")
    return _ROLE_IN_TERRAFORM.format(
        name=name,
        document="\n".join(terraform_document(statements, name)),
        condition=_CONDITION.format(json.dumps(role.external_id)) if role.external_id else "",
        role=json.dumps(role.role_name),
        path=json.dumps(_path(role)),
    )


_CONDITION = """\
    condition {{
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [{}]
    }}
"""

_ROLE_IN_TERRAFORM = """\
variable "trusted_account" {{
  type        = string
  description = "The account whose credentials judge the fleet"
}}

{document}

data "aws_iam_policy_document" "{name}_trust" {{
  statement {{
    actions = ["sts:AssumeRole"]
    principals {{
      type        = "AWS"
      identifiers = [var.trusted_account]
    }}
{condition}\
  }}
}}

resource "aws_iam_role" "{name}" {{
  name               = {role}
  path               = {path}
  assume_role_policy = data.aws_iam_policy_document.{name}_trust.json
}}

resource "aws_iam_role_policy" "{name}" {{
  name   = "tapctl-preflight"
  role   = aws_iam_role.{name}.id
  policy = data.aws_iam_policy_document.{name}.json
}}
"""


def _role_as_json(statements: Sequence[Statement], role: TargetAccount) -> str:
    return as_json(statements, role.role_name)


ROLE_RENDERERS: Mapping[str, Callable[[Sequence[Statement], TargetAccount], str]] = {
    "json": _role_as_json,
    "cloudformation": _role_as_cloudformation,
    "terraform": _role_as_terraform,
}
