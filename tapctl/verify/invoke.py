"""`[[verify.invoke]]`: invokes functions, and checks that they give the expected answer or run to their end.

An asynchronous invocation is accepted before it runs, so its result is read from the function's log. Neither the
payload nor the answer is printed, since they may hold secrets.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tapctl.aws.errors import DENIED, EXPIRED, INVALID_KEYS, read_or_unknown
from tapctl.aws.lambda_ import FILTER_LOG_EVENTS, INVOKE, LogMessage, invoke, log_group, log_messages
from tapctl.aws.session import Aws
from tapctl.errors import AwsError, NoCredentials
from tapctl.hints import advise
from tapctl.hints.deploy import DeployAdvice
from tapctl.hints.judgement import JudgementAdvice
from tapctl.resource_types import ALIAS, FUNCTION
from tapctl.sandbox.quirks import is_emulator
from tapctl.settings.verify_section import InvokeProbe
from tapctl.unknown import Unknown
from tapctl.verify.check import Check, CheckStatus
from tapctl.verify.deployed_stack import DeployedStack
from tapctl.verify.resource_check import at
from tapctl.verify.retry import RetryWindow


@dataclass(frozen=True, slots=True)
class _Function:
    """A function or an alias of the stack: what to invoke, its log group, and its runtime, "" where it is unknown."""

    target: str
    group: str
    runtime: str = ""


def check_invocation(
    probe: InvokeProbe, stack: DeployedStack, aws: Aws, retry: RetryWindow | None = None
) -> Iterator[Check]:
    """One check; `retry` is how long the log is read for the end of an asynchronous invocation."""
    subject = f"invoke {probe.function}"
    function = _function(stack, probe.function)
    if function is None:
        message = f"the stack has no function {probe.function}, which [[verify.invoke]] names"
        yield Check(subject, CheckStatus.FAILED, message, permanent=True)
        return
    # The sandbox logs an asynchronous invocation under an id that nothing else names; there it is waited for.
    asynchronous = probe.asynchronous and not is_emulator(aws)
    since, payload = datetime.now(UTC), json.dumps(probe.payload, default=str).encode()
    try:
        invocation = invoke(aws, function.target, payload, timeout=probe.timeout, asynchronous=asynchronous)
    except AwsError as error:
        yield _refusal_check(subject, error)
        return
    if invocation.error:
        yield Check(
            subject,
            CheckStatus.FAILED,
            f"failed with {invocation.error}",
            advise(DeployAdvice.SEE_FUNCTION_LOG, function.group),
        )
    elif asynchronous:
        log = _Log(aws, function, invocation.request_id, since - _SKEW)
        yield _from_log(subject, log, retry or RetryWindow(probe.timeout, pause=0.5))
    else:
        yield _answered(subject, probe.expect, invocation.answer)


def _function(stack: DeployedStack, name: str) -> _Function | None:
    """The function or alias with this logical id, which may be in a nested stack."""
    prefix, slash, logical_id = name.rpartition("/")
    owner = next((member for member in stack.members() if member.prefix == f"{prefix}{slash}"), None)
    if owner is None or not (target := owner.physical_ids.get(logical_id)):
        return None
    types = {resource.logical_id: resource.type for resource in owner.template.resources()}
    if types.get(logical_id) not in (FUNCTION, ALIAS):
        return None
    function = target.split(":")[-2] if types[logical_id] == ALIAS else target
    defined = (key for key, type_ in types.items() if type_ == FUNCTION and owner.physical_ids.get(key) == function)
    properties = owner.properties(key) if (key := next(defined, None)) else {}
    group, runtime = at(properties, "LoggingConfig.LogGroup"), properties.get("Runtime")
    return _Function(
        target,
        group if isinstance(group, str) else log_group(function),
        runtime if isinstance(runtime, str) else "",
    )


def _refusal_check(subject: str, error: AwsError) -> Check:
    """The check for a refused invocation: FAILED by Lambda, NOT_CHECKED for lack of permission."""
    if isinstance(error, NoCredentials) or error.code in EXPIRED.codes | INVALID_KEYS.codes:
        raise error
    if error.code in DENIED.codes:
        return Check(
            subject, CheckStatus.NOT_CHECKED, f"{INVOKE} was denied", advise(JudgementAdvice.ALLOW_ACTION, INVOKE)
        )
    # AWS quotes a payload that it cannot read.
    quotes = error.code == "InvalidRequestContentException"
    return Check(subject, CheckStatus.FAILED, f"{INVOKE}: {error.code}" if quotes else error.message, error.hint)


def _answered(subject: str, expected: Any, answer: bytes) -> Check:
    if expected is None:
        return Check(subject, CheckStatus.PROVED, "answered without an error")
    try:
        actual = json.loads(answer or b"null")
    except (ValueError, RecursionError):
        return Check(subject, CheckStatus.FAILED, "its answer is not JSON, which `expect` is compared with")
    if different := list(differences(expected, actual)):
        where = f": {', '.join(different)}" if all(different) else ""
        return Check(subject, CheckStatus.FAILED, f"its answer differs from `expect`{where}")
    return Check(subject, CheckStatus.PROVED, "gave the expected answer")


def differences(expected: Any, actual: Any, path: str = "") -> Iterator[str]:
    """The paths at which an answer differs; an object may have further members, and may be JSON in a text."""
    if isinstance(expected, dict):
        if isinstance(actual, str):
            try:
                actual = json.loads(actual)
            except (ValueError, RecursionError):
                actual = None
        if not isinstance(actual, dict):
            yield path
            return
        for name, value in expected.items():
            yield from differences(value, actual.get(name), f"{path}.{name}" if path else name)
    elif isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        for index, (wanted, found) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(wanted, found, f"{path}[{index}]")
    elif not (type(expected) is type(actual) or {type(expected), type(actual)} == {int, float}) or expected != actual:
        yield path


_SKEW = timedelta(minutes=1)
"""By how much the clocks of AWS and of this machine may differ."""

_ENDED = re.compile(r"^REPORT RequestId: |\bplatform\.report\b")
_FAILED = re.compile(
    r"^\[ERROR\] ([A-Za-z_][\w.]*)(?::|$)"  # Python, for what its handler raised
    r'|\t(?:Invoke Error|Uncaught Exception) .*?"errorType":\s*"([\w.]+)"'  # Node.js
    r"|^REPORT .*Error Type: ([\w.]+)"
    r'|\bplatform\.report\b.*"errorType":\s*"([\w.]+)"',
    re.DOTALL,
)
_STATUS = re.compile(
    r"^REPORT .*Status: (error|timeout|failure)"
    r'|\bplatform\.report\b.*"status":\s*"(error|timeout|failure)"',
    re.DOTALL,
)
_SAYS_ERRORS = ("python", "nodejs")
"""Runtimes that log what their handler raised in a form that is known."""


@dataclass(frozen=True, slots=True)
class _Log:
    """The log of one invocation; what the handler raised is logged without its id, between lines that have it."""

    aws: Aws
    function: _Function
    request_id: str
    since: datetime

    def lines(self) -> tuple[str, ...]:
        """From its start to its end; empty as long as the end is not logged."""
        group = self.function.group
        named = log_messages(self.aws, group, self.since, pattern=f'"{self.request_id}"')
        end = next((message for message in named if _ENDED.search(message.text)), None)
        stream = log_messages(self.aws, group, self.since, stream=end.stream) if end else ()
        return tuple(_between(stream, self.request_id))


def _between(messages: tuple[LogMessage, ...], request_id: str) -> Iterator[str]:
    """The messages from the first that names the invocation to the last."""
    naming = [index for index, message in enumerate(messages) if request_id in message.text]
    if naming:
        yield from (message.text for message in messages[naming[0] : naming[-1] + 1])


def _from_log(subject: str, log: _Log, window: RetryWindow) -> Check:
    for _ in window.tries():
        lines = read_or_unknown(FILTER_LOG_EVENTS, log.lines)
        if isinstance(lines, Unknown):
            message = f"accepted; its log was not read: {lines.reason}"
            return Check(subject, CheckStatus.NOT_CHECKED, message, lines.resolution)
        if lines:
            return _check_of_log(subject, log.function, lines)
    message = f"accepted, but {log.function.group} shows no end of the invocation within {window.seconds:.0f} s"
    return Check(
        subject, CheckStatus.FAILED, message, advise(DeployAdvice.CHECK_THROTTLES_OR_RAISE_TIMEOUT), permanent=True
    )


def _check_of_log(subject: str, function: _Function, lines: tuple[str, ...]) -> Check:
    failures = [match for line in lines if (match := _FAILED.search(line))]
    statuses = [match for line in lines if (match := _STATUS.search(line))]
    if failures or statuses:
        error = next(filter(None, (failures or statuses)[0].groups()), "an error")
        message = f"accepted, and failed with {error}"
        return Check(
            subject, CheckStatus.FAILED, message, advise(DeployAdvice.SEE_FUNCTION_LOG, function.group), permanent=True
        )
    if not function.runtime.startswith(_SAYS_ERRORS) and not any("platform.report" in line for line in lines):
        message = "accepted and finished; its log does not show whether it failed"
        return Check(subject, CheckStatus.NOT_CHECKED, message, advise(DeployAdvice.SET_LOG_FORMAT))
    return Check(subject, CheckStatus.PROVED, "accepted and finished without an error")
