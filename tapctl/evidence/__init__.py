"""Experiments that a user runs in an account: what AWS does where documentation and public reports leave it open.

experiment     one question as a row: calls, permissions, predictions, what the judgement does with the answer
parts          the building blocks of rows
awslambda …    the rows, one file per service or feature
claims         what tapctl assumes about AWS, with its grade and its sources
bound          one call, and the bound on calls and time
run            runs rows, each in a stack of its own
deletion       deletes what they created, also after a killed run
journal        the stacks that runs of this machine have not deleted yet
record         `tapctl.evidence/1`, and what today's rows read from a record of any day
"""

from collections.abc import Sequence
from typing import Any

from tapctl.errors import UsageError
from tapctl.evidence import awslambda, cloudformation, managed_instances, provisioned, servicequotas, stacksets
from tapctl.evidence.bound import Bound
from tapctl.evidence.claims import claim, with_grade
from tapctl.evidence.deletion import Cleaned, clean
from tapctl.evidence.experiment import PREFIX, TAG, Experiment
from tapctl.evidence.journal import ExperimentJournal
from tapctl.evidence.run import ExperimentRunner
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice

__all__ = [
    "EXPERIMENTS",
    "Bound",
    "Cleaned",
    "ExperimentJournal",
    "ExperimentRunner",
    "chosen",
    "claim",
    "clean",
    "policy",
    "with_grade",
]

EXPERIMENTS = {
    row.id: row
    for rows in (
        awslambda.ROWS,
        provisioned.ROWS,
        managed_instances.ROWS,
        cloudformation.ROWS,
        stacksets.ROWS,
        servicequotas.ROWS,
    )
    for row in rows
}


def chosen(ids: Sequence[str]) -> tuple[Experiment, ...]:
    """The experiments with these ids, all without any. Raises `UsageError` for another id."""
    if unknown := [id_ for id_ in ids if id_ not in EXPERIMENTS]:
        raise UsageError(f"no experiment is named {unknown[0]}", advise(UsageAdvice.LIST_EXPERIMENTS))
    return tuple(row for id_, row in EXPERIMENTS.items() if not ids or id_ in ids)


_OF_THE_ACCOUNT = {
    "cloudformation:DescribeStacks",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "lambda:GetAccountSettings",
    "sts:GetCallerIdentity",
}


def policy(experiments: Sequence[Experiment]) -> dict[str, Any]:
    """An IAM policy: all but numbers and lists of the account is allowed on the experiments' own names alone."""
    actions = {action for row in experiments for action in row.permissions}
    whole = {action for action in actions if action in _OF_THE_ACCOUNT or action.startswith("servicequotas:")}
    whole.add("lambda:ListFunctions")
    # An event source mapping has an id of AWS's in place of a name.
    mappings = {action for action in actions if "EventSourceMapping" in action}
    # A stack set has no ARN before it is there.
    sets = actions & {"cloudformation:CreateStackSet"}
    own = [
        f"arn:aws:cloudformation:*:*:stack/{PREFIX}*",
        f"arn:aws:cloudformation:*:*:stackset/{PREFIX}*",
        f"arn:aws:cloudformation:*:*:stackset-target/{PREFIX}*",
        f"arn:aws:iam::*:role/{PREFIX}*",
        f"arn:aws:lambda:*:*:capacity-provider:{PREFIX}*",
        f"arn:aws:lambda:*:*:function:{PREFIX}*",
        f"arn:aws:sqs:*:*:{PREFIX}*",
    ]
    allowed = {"Effect": "Allow"}
    names = {"StringLike": {"lambda:FunctionArn": f"arn:aws:lambda:*:*:function:{PREFIX}*"}}
    tagged = {"StringLike": {f"aws:RequestTag/{TAG}": "*"}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {**allowed, "Action": sorted(whole), "Resource": "*"},
            {**allowed, "Action": sorted(actions - whole - mappings - sets), "Resource": own},
            {**allowed, "Action": sorted(sets), "Resource": "*", "Condition": tagged},
            {**allowed, "Action": sorted(mappings), "Resource": "*", "Condition": names},
            {
                **allowed,
                "Action": ["lambda:TagResource"],
                "Resource": "arn:aws:lambda:*:*:event-source-mapping:*",
                "Condition": tagged,
            },
            {
                **allowed,
                "Action": ["iam:GetRole"],
                "Resource": f"arn:aws:iam::*:role/aws-service-role/*/{managed_instances.LINKED_ROLE}",
            },
        ],
    }
