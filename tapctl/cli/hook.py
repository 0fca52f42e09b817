"""`tapctl hook template`, and the function that it deploys: the judgement for every path into CloudFormation.

A Lambda Hook calls the function before a stack or a change set is provisioned, waits for 30 seconds, and warns or
blocks. The shapes of events and answers:
https://docs.aws.amazon.com/cloudformation-cli/latest/hooks-userguide/lambda-hooks-create-lambda-function.html
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from urllib.parse import urlsplit

import typer

from tapctl import __version__
from tapctl.cli.command import GroupedCommand, Only, expanded, group
from tapctl.cli.options import OutputOptions
from tapctl.cli.terminal import Terminal
from tapctl.errors import ExitCode, TapctlError, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.report.hints import worded
from tapctl.settings.options import option

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader
    from tapctl.concurrency.result import Preflight

SECONDS = 10
"""The longest that the payload may take; CloudFormation gives the whole answer 30 seconds."""

MAX_PAYLOAD = 16 * 1024 * 1024
"""Bytes of the payload: two templates of at most 1 MB each, as strings in JSON, and the changed resources."""

MAX_MESSAGE = 4096
"""Characters of a message that CloudFormation keeps."""

BLOCK_ON = "TAPCTL_BLOCK_ON"
"""The variable of the function with the least verdict that fails the hook: `exceeds`, or `uncertain`."""


# ---------------------------------------------------------------------------------------------------------------------
# The function
# ---------------------------------------------------------------------------------------------------------------------


def handler(event: Mapping[str, Any], _: object = None) -> dict[str, Any]:
    """The entry point for Lambda, with an event of CloudFormation; never raises."""
    try:
        return respond(event, fetch, _live)
    except TapctlError as error:
        message = f"{error.message}; {worded(error.hint)}" if error.hint else error.message
        return _answer(event, "FAILED", message, "InternalFailure")
    except (OSError, ValueError) as error:
        return _answer(event, "FAILED", f"cannot read the payload: {error}", "InternalFailure")
    except Exception as error:  # noqa: BLE001 - an answer, whatever fails
        return _answer(event, "FAILED", f"this is a bug in tapctl: {type(error).__name__}", "InternalFailure")


def fetch(url: str) -> bytes:
    """The payload at a presigned URL of S3. Raises `UsageError` for any other, `OSError` where it does not come."""
    from urllib.request import urlopen

    place = urlsplit(url)
    if place.scheme != "https" or not (place.hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn")):
        raise UsageError("the payload is not in S3", advise(UsageAdvice.USE_AS_HOOK))
    with urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - https alone, see above
        data: bytes = answer.read(MAX_PAYLOAD + 1)
    if len(data) > MAX_PAYLOAD:
        raise UsageError(f"the payload has more than {MAX_PAYLOAD:,} bytes", advise(UsageAdvice.AT_MOST_TWO_TEMPLATES))
    return data


@dataclass(frozen=True, slots=True)
class HookRequest:
    """One request to the hook; `parameters` holds None for a value that CloudFormation does not show."""

    stack: str
    region: str
    account: str
    template: str
    change_set: str = ""
    parameters: Mapping[str, str | None] = field(default_factory=dict)


Open = Callable[[HookRequest], tuple["AccountReader", Mapping[str, str | None]]]
"""The account, and the parameters of the change set."""


def respond(event: Mapping[str, Any], fetched: Callable[[str], bytes], opened: Open) -> dict[str, Any]:
    """The answer to an event of a stack or change set. Raises what reading the account or the template raises."""
    data = event.get("requestData") or {}
    if data.get("targetType") not in ("STACK", "CHANGE_SET"):
        return _answer(event, "SUCCESS", "tapctl judges only stacks and change sets")
    if str(event.get("actionInvocationPoint", "")).startswith("DELETE"):
        return _answer(event, "SUCCESS", "a deletion adds nothing to a limit")
    text = json.loads(fetched(str(data.get("payload")))).get("template")
    if not text:
        return _answer(event, "SUCCESS", "there is no template to judge")
    result = _judge(_request(event, text), opened)
    blocks = _blocks(result)
    return _answer(event, "FAILED" if blocks else "SUCCESS", _message(result), "NonCompliant" if blocks else None)


def _request(event: Mapping[str, Any], template: str) -> HookRequest:
    _, _, _, region, account, resource = str(event.get("stackId")).split(":", 5)
    return HookRequest(resource.split("/")[1], region, account, template, str(event.get("changeSetId") or ""))


def _judge(request: HookRequest, opened: Open) -> Preflight:
    """The judgement of `preflight` on what CloudFormation is about to do."""
    from tapctl.settings.settings import Settings
    from tapctl.template.load import from_stack
    from tapctl.unknown import Unknown
    from tapctl.workflows.preflight import judge

    reader, parameters = opened(request)
    template = from_stack(request.template, request.stack)
    shown = {name: value for name, value in parameters.items() if value is not None}
    hidden = {
        name: Unknown("CloudFormation does not show its value") for name, value in parameters.items() if value is None
    }
    settings = Settings(
        template.file,
        stack_name=request.stack,
        region=request.region,
        parameters={name: value for name, value in shown.items() if name in template.parameters},
        withheld={name: value for name, value in hidden.items() if name in template.parameters},
    )
    return judge(template, reader, settings)


def _live(request: HookRequest) -> tuple[AccountReader, Mapping[str, str | None]]:
    from tapctl.account.live import LiveAccount
    from tapctl.aws.cloudformation import change_set_parameters
    from tapctl.aws.session import Aws, Connection

    aws = Aws(Connection(request.region))
    return LiveAccount(aws), change_set_parameters(aws, request.change_set) if request.change_set else {}


def _blocks(result: Preflight) -> bool:
    code = result.verdict.exit_code
    return code is ExitCode.EXCEEDS or (code is ExitCode.UNCERTAIN and os.environ.get(BLOCK_ON) == "uncertain")


def _message(result: Preflight) -> str:
    """The verdict in one sentence, and the findings that give it."""
    from tapctl.concurrency.verdict import Verdict
    from tapctl.report.preflight import sentence

    findings = [
        finding for finding in result.findings if finding.verdict is not Verdict.FITS and result.counts(finding)
    ]
    return "; ".join([sentence(result).plain, *dict.fromkeys(finding.message for finding in findings[1:])])


def _answer(event: Mapping[str, Any], status: str, message: str, code: str | None = None) -> dict[str, Any]:
    from tapctl.report.escaping import one_line

    text = one_line(f"tapctl: {message}")[:MAX_MESSAGE]
    # The documentation spells the member in both ways.
    token = event.get("clientRequestToken") or event.get("clientRequesttoken")
    answer = {"hookStatus": status, "message": text, "clientRequestToken": token}
    return {**answer, "errorCode": code} if code else answer


# ---------------------------------------------------------------------------------------------------------------------
# The stack
# ---------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class HookOptions:
    """Where the files of the stack are written."""

    panel: ClassVar = "Hook"

    folder: Path = option("--folder", metavar="FOLDER", help="Folder to write.", default=Path("tapctl-hook"))


def template(hook: HookOptions, output: Annotated[OutputOptions, Only("quiet", "verbose")]) -> None:
    """Write a stack with a Lambda Hook that judges each stack and change set of the account and Region.

    It warns; `--parameter FailureMode=FAIL` of the deploy lets it block. Overwrites nothing.
    """
    from tapctl.state.files import write_atomically

    terminal = Terminal.of(output)
    files = {hook.folder / name: text for name, text in written().items()}
    if there := [path for path in files if path.exists()]:
        raise UsageError(f"{there[0]} exists", advise(UsageAdvice.CHOOSE_FOLDER))
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
        terminal.message(f"wrote {path}")
    terminal.message(worded(advise(UsageAdvice.DEPLOY_HOOK, str(hook.folder / TEMPLATE))))


TEMPLATE = "template.yaml"


def written() -> dict[str, str]:
    """The files of the stack by their names."""
    import yaml

    comment = "# Written by `tapctl hook template`: judges each stack and change set before it is provisioned.\n"
    return {
        TEMPLATE: comment + yaml.safe_dump(body(), sort_keys=False, width=110),
        "code/app.py": '"""The function of the hook."""\n\nfrom tapctl.cli.hook import handler  # noqa: F401\n',
        "code/requirements.txt": f"tapctl=={__version__}\n",
    }


def body() -> dict[str, Any]:
    """The template: a function that may only read, and the hook that invokes it."""
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "Judges with tapctl whether each stack fits the account, before it is provisioned",
        "Parameters": {
            "FailureMode": {
                "Type": "String",
                "Default": "WARN",
                "AllowedValues": ["WARN", "FAIL"],
                "Description": "Whether a stack that does not fit only warns, or is not provisioned",
            },
            "BlockOn": {
                "Type": "String",
                "Default": "exceeds",
                "AllowedValues": ["exceeds", "uncertain"],
                "Description": "The least verdict that counts as a failure; unknown counts as uncertain",
            },
        },
        "Resources": {
            "Log": _log(),
            "FunctionRole": _function_role(),
            "Function": _function(),
            "HookRole": _hook_role(),
            "Hook": _hook(),
        },
    }


def _log() -> dict[str, Any]:
    name = {"Fn::Sub": "/aws/lambda/${AWS::StackName}"}
    return {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": name, "RetentionInDays": 30}}


def _function_role() -> dict[str, Any]:
    from tapctl.report.policy import Command, Statement, document, policy_of_any_template

    (reads,) = policy_of_any_template(Command.PREFLIGHT)
    reads = Statement(reads.sid, tuple(sorted({*reads.actions, "cloudformation:DescribeChangeSet"})), reads.resources)
    logs = {
        "Effect": "Allow",
        "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
        "Resource": {"Fn::GetAtt": ["Log", "Arn"]},
    }
    policies = [
        {"PolicyName": "read", "PolicyDocument": document([reads])},
        {"PolicyName": "log", "PolicyDocument": {"Version": "2012-10-17", "Statement": [logs]}},
    ]
    return _role("lambda.amazonaws.com", policies)


def _function() -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "DependsOn": "Log",
        "Properties": {
            "FunctionName": {"Ref": "AWS::StackName"},
            "Runtime": "python3.13",
            "Handler": "app.handler",
            "Code": "code",
            "Role": {"Fn::GetAtt": ["FunctionRole", "Arn"]},
            "MemorySize": 1769,  # one vCPU: the imports are most of the time
            "Timeout": 30,
            "Environment": {"Variables": {BLOCK_ON: {"Ref": "BlockOn"}, "TAPCTL_STATE_DIR": "/tmp/tapctl"}},  # noqa: S108 - the only folder that a function may write
        },
    }


def _hook_role() -> dict[str, Any]:
    invoke = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": {"Fn::GetAtt": ["Function", "Arn"]}}
    policy = {"PolicyName": "invoke", "PolicyDocument": {"Version": "2012-10-17", "Statement": [invoke]}}
    return _role("hooks.cloudformation.amazonaws.com", [policy])


def _role(service: str, policies: list[dict[str, Any]]) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [trust]}
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document, "Policies": policies}}


def _hook() -> dict[str, Any]:
    return {
        "Type": "AWS::CloudFormation::LambdaHook",
        "Properties": {
            "Alias": "Private::Tapctl::Preflight",
            "LambdaFunction": {"Fn::GetAtt": ["Function", "Arn"]},
            "ExecutionRole": {"Fn::GetAtt": ["HookRole", "Arn"]},
            "FailureMode": {"Ref": "FailureMode"},
            "HookStatus": "ENABLED",
            "TargetOperations": ["STACK", "CHANGE_SET"],
            # The hook's own stack can always be corrected.
            "StackFilters": {"FilteringCriteria": "ALL", "StackNames": {"Exclude": [{"Ref": "AWS::StackName"}]}},
        },
    }


app = group(
    "Write the stack of a CloudFormation Hook that judges each deploy.", "tapctl hook template --folder infra/hook"
)
app.command(
    "template",
    cls=GroupedCommand,
    short_help="Write the stack of the hook.",
    epilog="tapctl hook template --folder infra/hook",
)(expanded(template))

hook = typer.main.get_command(app)
