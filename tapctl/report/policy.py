"""The least-privilege IAM policy of a command for a template: what tapctl itself calls, and nothing else.

Each action comes from the table that makes the call: the rows of the catalogue, the checks of `verify`, and `USES` for
CloudFormation, S3 and Lambda. What CloudFormation does to the resources is up to its service role, or else to the
caller's own permissions, which the schemas of the resource types name.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from tapctl.concurrency.counting import Inventory
from tapctl.concurrency.exports_check import exports_anything
from tapctl.concurrency.limits_check import touched
from tapctl.concurrency.read_demand import read_demand
from tapctl.limits import CONCURRENCY, LimitKind, catalogue
from tapctl.packaging.bucket import bucket_name
from tapctl.packaging.package import MAX_BODY
from tapctl.resource_types import STACK
from tapctl.template.local_paths import local_paths
from tapctl.template.model import Template
from tapctl.template.parameters import SSM_TYPE
from tapctl.verify.services import CHECKS_BY_TYPE

if TYPE_CHECKING:
    from tapctl.settings.settings import Settings
    from tapctl.template.nested import StackTree


class Command(StrEnum):
    """A command that has a policy; a deploy does what the other two do, too."""

    PREFLIGHT = "preflight"
    DEPLOY = "deploy"
    VERIFY = "verify"
    FLEET = "fleet deploy"
    """A rollout, by the credentials of the account with the stack set, ..."""
    CELL = "fleet deploy in an account"
    """... and what it reads in each account, to judge and to verify."""


class When(Enum):
    """The condition under which a command uses an action."""

    ALWAYS = "always"
    FUNCTIONS = "it has functions, or may have some"
    EXPORTS = "it exports values"
    IMPORTS = "its values depend on exports"
    STORED = "its values depend on the Parameter Store"
    UPLOADS = "something of it is uploaded"
    OWN_BUCKET = "tapctl's own bucket takes what is uploaded"
    IMAGES = "the CDK's assets have container images"
    ROLE = "a service role is set"
    PROTECTED = "termination protection is set"
    INVOKES = "[[verify.invoke]] is set"
    WEBHOOK = "[verify.webhook] is set"
    DRIFT = "drift is detected"
    TAGS = "tags are set"


class Scope(Enum):
    """The resources of an action; `ANY` also where IAM knows no resource for it."""

    ANY = "Read"
    STACK = "Stack"
    BUCKET = "ArtifactBucket"
    OBJECTS = "Artifacts"
    ROLE = "ServiceRole"
    NEW_STACK_SET = "NewStackSet"
    STACK_SET = "StackSet"
    RESOURCES = "Resources"


@dataclass(frozen=True, slots=True)
class Use:
    """An action of a command, with the API operations that it is for; none where AWS acts for the caller."""

    command: Command
    action: str
    operations: tuple[str, ...]
    when: When = When.ALWAYS
    scope: Scope = Scope.ANY


def _uses(
    command: Command, service: str, *operations: str, when: When = When.ALWAYS, scope: Scope = Scope.ANY
) -> tuple[Use, ...]:
    """Uses of operations that have the names of their actions."""
    return tuple(Use(command, f"{service}:{name}", (f"{service}:{name}",), when, scope) for name in operations)


def _s3(action: str, *operations: str, scope: Scope = Scope.BUCKET, when: When = When.UPLOADS) -> Use:
    return Use(Command.DEPLOY, f"s3:{action}", tuple(f"s3:{name}" for name in operations), when, scope)


_PREFLIGHT, _DEPLOY, _VERIFY, _FLEET = Command.PREFLIGHT, Command.DEPLOY, Command.VERIFY, Command.FLEET

_UPLOADS: tuple[Use, ...] = (
    _s3("ListBucket", "HeadBucket", "ListObjectsV2"),
    # A configured bucket is neither created nor changed.
    *_uses(_DEPLOY, "s3", "CreateBucket", "DeleteBucket", "GetBucketPolicy", "PutBucketPolicy", "PutBucketVersioning",
           when=When.OWN_BUCKET, scope=Scope.BUCKET),
    _s3("PutBucketPublicAccessBlock", "PutPublicAccessBlock", when=When.OWN_BUCKET),
    _s3("PutEncryptionConfiguration", "PutBucketEncryption", when=When.OWN_BUCKET),
    _s3("PutLifecycleConfiguration", "PutBucketLifecycleConfiguration", when=When.OWN_BUCKET),
    _s3("PutObject", "PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload",
        scope=Scope.OBJECTS),
    _s3("AbortMultipartUpload", "AbortMultipartUpload", scope=Scope.OBJECTS),
    # CloudFormation and Lambda read the artifacts in the name of the caller.
    _s3("GetObject", scope=Scope.OBJECTS),
)  # fmt: skip

USES: tuple[Use, ...] = (
    *_uses(_PREFLIGHT, "lambda", "GetAccountSettings"),
    *_uses(_PREFLIGHT, "lambda", "GetFunctionConcurrency", "ListProvisionedConcurrencyConfigs", "ListFunctions",
           when=When.FUNCTIONS),
    *_uses(_PREFLIGHT, "servicequotas", "ListRequestedServiceQuotaChangeHistoryByQuota"),
    *_uses(_PREFLIGHT, "cloudwatch", "GetMetricData", when=When.FUNCTIONS),
    *_uses(_PREFLIGHT, "cloudformation", "DescribeStacks", "ListStackResources", "GetTemplate", "DescribeStackEvents",
           scope=Scope.STACK),
    *_uses(_PREFLIGHT, "cloudformation", "ListStacks", when=When.FUNCTIONS),
    *_uses(_PREFLIGHT, "cloudformation", "ListExports", when=When.EXPORTS),
    *_uses(_PREFLIGHT, "cloudformation", "ListImports", when=When.EXPORTS),
    *_uses(_PREFLIGHT, "cloudformation", "ListExports", when=When.IMPORTS),
    *_uses(_PREFLIGHT, "ssm", "GetParameters", when=When.STORED),
    *_uses(_DEPLOY, "cloudformation", "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DeleteChangeSet",
           "ListChangeSets", "DescribeStackResource", "DeleteStack", "RollbackStack", "ContinueUpdateRollback",
           "CancelUpdateStack", scope=Scope.STACK),
    *_uses(_DEPLOY, "cloudformation", "UpdateTerminationProtection", when=When.PROTECTED, scope=Scope.STACK),
    *_uses(_DEPLOY, "cloudformation", "DescribeEvents"),
    *_uses(_DEPLOY, "lambda", "GetFunctionConfiguration", when=When.FUNCTIONS),
    *_uses(_DEPLOY, "logs", "FilterLogEvents", when=When.FUNCTIONS),
    *_uses(_DEPLOY, "ecr", "DescribeImages", when=When.IMAGES),
    Use(_DEPLOY, "iam:PassRole", (), When.ROLE, Scope.ROLE),
    *_UPLOADS,
    *_uses(_VERIFY, "cloudformation", "DescribeStacks", "ListStackResources", "GetTemplate", scope=Scope.STACK),
    *_uses(_VERIFY, "cloudformation", "ListExports", when=When.EXPORTS),
    *_uses(_VERIFY, "lambda", "InvokeFunction", when=When.INVOKES),
    *_uses(_VERIFY, "dynamodb", "GetItem", when=When.WEBHOOK),
    *_uses(_VERIFY, "cloudformation", "DetectStackDrift", "DescribeStackDriftDetectionStatus",
           "DescribeStackResourceDrifts", when=When.DRIFT, scope=Scope.STACK),
    *_uses(_FLEET, "cloudformation", "CreateStackSet", scope=Scope.NEW_STACK_SET),
    *_uses(_FLEET, "cloudformation", "UpdateStackSet", "DeleteStackSet", "DescribeStackSet", "CreateStackInstances",
           "UpdateStackInstances", "DeleteStackInstances", "DescribeStackInstance", "ListStackInstances",
           "DescribeStackSetOperation", "ListStackSetOperations", "ListStackSetOperationResults",
           scope=Scope.STACK_SET),
    Use(_FLEET, "cloudformation:TagResource", (), When.TAGS, Scope.STACK_SET),
    Use(_FLEET, "cloudformation:UntagResource", (), When.TAGS, Scope.STACK_SET),
    *_uses(_FLEET, "organizations", "DescribeOrganization"),
    Use(_FLEET, "iam:PassRole", (), When.ROLE, Scope.ROLE),
    *(replace(use, command=_FLEET) for use in _UPLOADS),
)  # fmt: skip
"""What the commands call beside the rows of the catalogue and the checks of resources."""

_PARTS = {_DEPLOY: (_PREFLIGHT, _DEPLOY, _VERIFY), Command.CELL: (_PREFLIGHT, _VERIFY)}
"""The commands whose uses a command has; any other has its own alone."""

NEEDS_NO_PERMISSION = "sts:GetCallerIdentity"
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""


@dataclass(frozen=True, slots=True)
class Statement:
    """The actions on the same resources, and the ARNs of these."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]


def policy(command: Command, tree: "StackTree", settings: "Settings", *, drift: bool = False) -> tuple[Statement, ...]:
    """The statements that let a command work on this template; no account is read."""
    given = _conditions(tree, settings, drift=drift)
    uses = [use for use in USES if use.command in _PARTS.get(command, (command,)) and use.when in given]
    resources = _resources(tree, settings)
    actions: dict[Scope, set[str]] = {scope: set() for scope in Scope}
    for use in uses:
        actions[use.scope if use.scope in resources else Scope.ANY].add(use.action)
    # An action that is allowed on everything needs no statement on some.
    actions[Scope.ANY] |= set(_from_tables(command, tree, settings)) - {NEEDS_NO_PERMISSION}
    return tuple(
        Statement(scope.value, tuple(sorted(own)), resources.get(scope, ("*",)))
        for scope in Scope
        if (own := actions[scope] - (actions[Scope.ANY] if scope is not Scope.ANY else set()))
    )


def policy_of_any_template(command: Command) -> tuple[Statement, ...]:
    """The statements for any template: every use without a setting, and every limit."""
    optional = {When.IMAGES, When.ROLE, When.PROTECTED, When.INVOKES, When.WEBHOOK, When.DRIFT}
    uses = {use.action for use in USES if use.command in _PARTS.get(command, (command,)) and use.when not in optional}
    limits = {action for limit in catalogue() if limit.kind is LimitKind.COUNT for action in limit.permissions}
    return (Statement(Scope.ANY.value, tuple(sorted(uses | limits)), ("*",)),)


def for_resources(tree: "StackTree", region: str | None) -> tuple[Statement | None, tuple[str, ...]]:
    """The permissions that CloudFormation needs for the resources, and the types whose schema lists none."""
    from tapctl.template.schemas import handler_permissions

    types = sorted(type_ for type_ in _types(tree) if not type_.startswith("Custom::"))
    found = handler_permissions(types, region)
    actions = tuple(sorted({action for group in found.values() for action in group}))
    statement = Statement(Scope.RESOURCES.value, actions, ("*",)) if actions else None
    return statement, tuple(type_ for type_ in types if type_ not in found)


def _conditions(tree: "StackTree", settings: "Settings", *, drift: bool) -> set[When]:
    """The conditions that are true for this template and these settings."""
    lookups = read_demand(tree).lookups
    templates = [member.resolver.template for member in tree.members()]
    stored = any(
        str(entry.get("Type")).startswith(SSM_TYPE) for template in templates for entry in template.parameters.values()
    )
    uploads = any(len(template.source.text) > MAX_BODY // 2 or any(local_paths(template)) for template in templates)
    facts = {
        When.ALWAYS: True,
        When.FUNCTIONS: CONCURRENCY in touched(tree, own=settings.limits.own),
        When.EXPORTS: exports_anything(tree),
        When.IMPORTS: any(key.startswith("import:") for key in lookups),
        When.STORED: stored or any(key.startswith("ssm:") for key in lookups),
        When.UPLOADS: uploads or len(templates) > 1,
        When.OWN_BUCKET: (uploads or len(templates) > 1) and not settings.artifact_bucket,
        When.IMAGES: any("container-assets" in template.source.text for template in templates),
        When.ROLE: bool(settings.role_arn),
        When.PROTECTED: settings.termination_protection is not None,
        When.INVOKES: bool(settings.verify.invoke),
        When.WEBHOOK: settings.verify.webhook is not None,
        When.DRIFT: drift,
        When.TAGS: bool(settings.tags),
    }
    return {when for when, holds in facts.items() if holds}


def _types(tree: "StackTree") -> set[str]:
    return set(Inventory(tree).by_type)


def _from_tables(command: Command, tree: "StackTree", settings: "Settings") -> Iterable[str]:
    """The actions of the limits and of the checks of resources."""
    if _PREFLIGHT in _PARTS.get(command, (command,)):
        for limit in touched(tree, own=settings.limits.own):
            yield from limit.permissions if limit.kind is LimitKind.COUNT else ()
    if _VERIFY in _PARTS.get(command, (command,)):
        for item in Inventory(tree).by_name.values():
            checks = CHECKS_BY_TYPE.get(item.type, ())
            yield from (check.permission for check in checks if check.applies(item.resource.properties))


def _resources(tree: "StackTree", settings: "Settings") -> dict[Scope, tuple[str, ...]]:
    """The ARNs of each scope that the settings name; a scope without is that of everything."""
    found: dict[Scope, tuple[str, ...]] = {}
    arn = f"arn:{tree.resolver.pseudo.get('AWS::Partition', 'aws')}"
    if settings.stack_name:
        region, account = settings.region or "*", settings.account or "*"
        names = [settings.stack_name, *([f"{settings.stack_name}-*"] if STACK in _types(tree) else [])]
        stacks = [f"{arn}:cloudformation:{region}:{account}:stack/{name}/*" for name in names]
        # CreateChangeSet needs the transforms, too.
        written = [
            Template(member.resolver.template.source, member.resolver.template.source.value)
            for member in tree.members()
        ]
        transforms = {name.removeprefix("AWS::") for template in written for name in template.transforms}
        stacks += [f"{arn}:cloudformation:*:aws:transform/{name}" for name in sorted(transforms)]
        found[Scope.STACK] = tuple(stacks)
        sets = [f"{arn}:cloudformation:*:*:{kind}/{settings.stack_name}:*" for kind in ("stackset", "stackset-target")]
        found[Scope.STACK_SET] = (*sets, f"{arn}:cloudformation:*:*:type/resource/*")
    found[Scope.NEW_STACK_SET] = ("*",)  # it has no resource in IAM
    bucket = settings.artifact_bucket or bucket_name(settings.account or "*", settings.region or "*")
    found[Scope.BUCKET] = (f"{arn}:s3:::{bucket}",)
    found[Scope.OBJECTS] = (f"{arn}:s3:::{bucket}/*",)
    if settings.role_arn:
        found[Scope.ROLE] = (settings.role_arn,)
    return found


# ---------------------------------------------------------------------------------------------------------------------
# Rendering
# ---------------------------------------------------------------------------------------------------------------------


def document(statements: Sequence[Statement]) -> dict[str, object]:
    """The policy as IAM has it."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": statement.sid,
                "Effect": "Allow",
                "Action": list(statement.actions),
                "Resource": statement.resources[0] if len(statement.resources) == 1 else list(statement.resources),
            }
            for statement in statements
        ],
    }


def as_json(statements: Sequence[Statement], name: str) -> str:  # noqa: ARG001 - as the others
    return json.dumps(document(statements), indent=2) + "\n"


def as_cloudformation(statements: Sequence[Statement], name: str) -> str:
    """A template with the policy as a managed one."""
    resource = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Description": f"What `tapctl {name}` needs",
            "PolicyDocument": document(statements),
        },
    }
    body = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {"TapctlPolicy": resource},
        "Outputs": {"PolicyArn": {"Value": {"Ref": "TapctlPolicy"}}},
    }
    return json.dumps(body, indent=2) + "\n"


def as_terraform(statements: Sequence[Statement], name: str) -> str:
    """A data source with the statements, and the policy of it."""
    name = terraform_name(name)
    lines = [*terraform_document(statements, name), ""]
    lines += [f'resource "aws_iam_policy" "{name}" {{', f'  name   = "{name.replace("_", "-")}"']
    lines += [f"  policy = data.aws_iam_policy_document.{name}.json", "}"]
    return "\n".join(lines) + "\n"


def terraform_name(name: str) -> str:
    return "_".join(("tapctl", *re.findall(r"\w+", name)))


def terraform_document(statements: Sequence[Statement], name: str) -> list[str]:
    """The lines of a data source with the statements."""
    lines = [f'data "aws_iam_policy_document" "{name}" {{']
    for statement in statements:
        lines += ["  statement {", f'    sid       = "{statement.sid}"']
        lines += ["    actions = ["] + [f'      "{action}",' for action in statement.actions] + ["    ]"]
        lines += [f"    resources = {json.dumps(list(statement.resources))}", "  }"]
    return [*lines, "}"]


RENDERERS: Mapping[str, Callable[[Sequence[Statement], str], str]] = {
    "json": as_json,
    "cloudformation": as_cloudformation,
    "terraform": as_terraform,
}
