"""An experiment as a row: its question, every call that it makes, and how its answer is read.

A value in braces, such as `{stack}`, is filled in when the call is made: `stack` is the name of everything that the
experiment makes, `limit` and `unreserved` are the account's numbers at its start, `above` is one more than the limit,
`headroom` what may still be reserved, `account`, `region` and `other_region` where it runs; `save` adds others.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from tapctl.resource_types import FUNCTION

PREFIX = "tapctl-evidence-"
"""Of the name of everything that an experiment makes."""

TAG = "tapctl-evidence"
"""The tag of every stack that an experiment makes; its value is the run."""

_IAM_PREFIXES = {"service-quotas": "servicequotas"}
HANDLERS: Mapping[str, tuple[str, ...]] = {
    FUNCTION: (
        "lambda:CreateFunction",
        "lambda:DeleteFunction",
        "lambda:DeleteFunctionConcurrency",
        "lambda:GetFunction",
        "lambda:GetFunctionCodeSigningConfig",
        "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionRecursionConfig",
        "lambda:GetRuntimeManagementConfig",
        "lambda:ListTags",
        "lambda:PutFunctionConcurrency",
        "lambda:TagResource",
        "lambda:UntagResource",
        "lambda:UpdateFunctionCode",
        "lambda:UpdateFunctionConfiguration",
    ),
    "AWS::Lambda::EventSourceMapping": (
        "lambda:CreateEventSourceMapping",
        "lambda:DeleteEventSourceMapping",
        "lambda:GetEventSourceMapping",
        "lambda:TagResource",
    ),
    "AWS::IAM::Role": (
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:DeleteRolePolicy",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:ListAttachedRolePolicies",
        "iam:ListRolePolicies",
        "iam:PassRole",
        "iam:PutRolePolicy",
        "iam:TagRole",
        "iam:UntagRole",
    ),
    "AWS::Lambda::CapacityProvider": (
        "lambda:CreateCapacityProvider",
        "lambda:DeleteCapacityProvider",
        "lambda:GetCapacityProvider",
        "lambda:ListTags",
        "lambda:PassCapacityProvider",
        "lambda:TagResource",
    ),
    "AWS::CloudFormation::WaitCondition": (),
    "AWS::CloudFormation::WaitConditionHandle": (),
    "AWS::SQS::Queue": (
        "sqs:CreateQueue",
        "sqs:DeleteQueue",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ListQueueTags",
        "sqs:TagQueue",
    ),
}
"""The actions with which CloudFormation makes and deletes a resource, as the `handlers` of its schema list them."""

CLEANING = ("cloudformation:DeleteStack", "cloudformation:DescribeStacks")
CLEANING_SETS = (
    "cloudformation:DeleteStackInstances",
    "cloudformation:DeleteStackSet",
    "cloudformation:DescribeStackSet",
    "cloudformation:DescribeStackSetOperation",
    "cloudformation:ListStackInstances",
)
SETS = "stack-set-"
"""How the ids of the experiments begin that make a stack set of the stack's name."""
STARTING = ("lambda:GetAccountSettings", "sts:GetCallerIdentity")
FREE = "nothing: free requests, and resources that are not billed"


class Takes(Enum):
    """The most of the account's headroom that an experiment holds while it runs."""

    NOTHING = "no execution"
    ONE = "1 execution"
    ALL = "all headroom"


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One request. `until` and `require` are JMESPaths that its answer has to meet, the first by being asked again."""

    service: str
    operation: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    observe: str = ""
    """The name under which the answer is kept, ..."""
    keep: str = "@"
    """... and the JMESPath of the part that is; the record has it word for word."""
    until: str = ""
    require: str = ""
    save: Mapping[str, str] = field(default_factory=dict)
    may_fail: bool = False
    """Whether a refusal is an answer."""
    undo: "ApiCall | None" = None
    """Made at once if a call that AWS is expected to refuse is accepted."""

    @property
    def action(self) -> str:
        """The IAM action."""
        return f"{_IAM_PREFIXES.get(self.service, self.service)}:{self.operation}"


@dataclass(frozen=True, slots=True)
class Observation:
    """The answer of AWS: `answer`, or the code and the message of a refusal."""

    action: str
    answer: Any = None
    code: str = ""
    message: str = ""
    seconds: float = 0

    @property
    def refused(self) -> bool:
        return bool(self.code or self.message)


@dataclass(frozen=True, slots=True)
class Seen:
    """The observations of one experiment, and the account's numbers at its start."""

    limit: int
    unreserved: int
    minimum: int
    """The unreserved minimum: measured in this run, else the highest that is possible."""
    observations: Mapping[str, Observation]

    @property
    def headroom(self) -> int:
        return max(0, self.unreserved - self.minimum)


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer in words; `agrees` with what the judgement takes, None where it leaves that open, or this does."""

    claim: str
    answer: str
    agrees: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """One question to a live account."""

    id: str
    claims: tuple[str, ...]
    """What it may read, by the ids in `tapctl.evidence.claims`; one reading is of one of them."""
    question: str
    known: str
    """What is known of the answer without the experiment."""
    predicts: Mapping[str, str]
    """What each hypothesis predicts."""
    judgement: str
    """What the judgement does with the answer."""
    calls: tuple[ApiCall, ...]
    reads: Callable[[Seen], Reading]
    takes: Takes = Takes.NOTHING
    cost: str = FREE
    billed: bool = False

    @property
    def makes(self) -> tuple[str, ...]:
        """The types of the resources that it creates, beside the stack that holds them."""
        bodies = [call.parameters["TemplateBody"] for call in self.calls if call.operation != "CreateChangeSet"
                  and "TemplateBody" in call.parameters]  # fmt: skip
        return tuple(sorted({resource["Type"] for body in bodies for resource in body["Resources"].values()}))

    @property
    def has_stack(self) -> bool:
        return any(call.operation == "CreateStack" for call in self.calls)

    @property
    def has_set(self) -> bool:
        return self.id.startswith(SETS)

    @property
    def cleaning(self) -> tuple[str, ...]:
        """The IAM actions that delete what it creates."""
        return (*(CLEANING_SETS if self.has_set else ()), *(CLEANING if self.has_stack else ()))

    @property
    def permissions(self) -> tuple[str, ...]:
        """The IAM actions that it needs, in order."""
        undone = (call.undo.action for call in self.calls if call.undo)
        made = (action for type_ in self.makes for action in HANDLERS[type_])
        tags = ("cloudformation:TagResource",) if self.has_set else ()
        calls = (call.action for call in self.calls)
        return tuple(sorted({*STARTING, *calls, *undone, *made, *tags, *self.cleaning}))


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """The value with its `{name}`s filled in; a text that is one name becomes that value. Raises `KeyError`."""
    match value:
        case str(text) if whole := re.fullmatch(r"\{(\w+)\}", text):
            return values[whole[1]]
        case str(text):
            return re.sub(r"\{(\w+)\}", lambda name: str(values[name[1]]), text)
        case Mapping():
            return {name: filled(part, values) for name, part in value.items()}
        case list() | tuple():
            return [filled(part, values) for part in value]
        case _:
            return value
