"""The Lambda API calls that know about concurrency, judged by the account's limits."""

import json
from typing import Any

from tapctl.sandbox import rules
from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.account import SandboxAccount
from tapctl.sandbox.extension.patches import Record, Response
from tapctl.sandbox.rules import Refusal


def install(account: SandboxAccount) -> None:
    """Replace the emulator's functions behind the API routes."""
    _judge_reserved(account)
    _judge_provisioned(account)
    _list_provisioned()
    _report_account(account)
    _cap_by_current_limits(account)


def _judge_reserved(account: SandboxAccount) -> None:
    original = patches.PUT_CONCURRENCY.get()

    def put(name: str, data: Record) -> Response:
        if name not in patches.FUNCTIONS.get():
            return _answer(original(name, data))  # its 404
        given = data.get("ReservedConcurrentExecutions")
        value = rules.whole_number(given, least=0)
        if value is None:
            return _error(rules.invalid_number("reservedConcurrentExecutions", given, least=0))
        if refused := rules.refuse_reserved(account.limits, account.table(), name, value):
            return _error(refused)
        return _answer(original(name, {**data, "ReservedConcurrentExecutions": value}))

    patches.PUT_CONCURRENCY.put(put)


def _judge_provisioned(account: SandboxAccount) -> None:
    original = patches.PUT_PROVISIONED.get()

    def put(name: str, qualifier: str | None, data: Record) -> Response:
        if name not in patches.FUNCTIONS.get():
            return _answer(original(name, qualifier, data))
        given = data.get("ProvisionedConcurrentExecutions")
        value = rules.whole_number(given, least=1)
        if value is None:
            return _error(rules.invalid_number("provisionedConcurrentExecutions", given, least=1))
        table = account.table()
        if refused := rules.refuse_provisioned(account.limits, table, name, qualifier or "$LATEST", value):
            return _error(refused)
        return _answer(original(name, qualifier, {**data, "ProvisionedConcurrentExecutions": value}))

    patches.PUT_PROVISIONED.put(put)


def _list_provisioned() -> None:
    original = patches.GET_PROVISIONED.get()

    def get(name: str, qualifier: str | None) -> Response:
        record = patches.FUNCTIONS.get().get(name)
        # ListProvisionedConcurrencyConfigs is the same route without a qualifier.
        if qualifier or record is None:
            return _answer(original(name, qualifier))
        arn = record["config"]["FunctionArn"]
        configs = [
            {"FunctionArn": f"{arn}:{each}", **config}
            for each, config in record.get("provisioned_concurrency", {}).items()
            if each in record["versions"] or each in record["aliases"]
        ]
        return _answer(patches.JSON_RESPONSE.get()({"ProvisionedConcurrencyConfigs": configs}))

    patches.GET_PROVISIONED.put(get)


def _report_account(account: SandboxAccount) -> None:
    original = patches.ACCOUNT_SETTINGS.get()

    def get() -> Response:
        status, headers, body = original()
        settings = json.loads(body)
        limits = account.limits
        settings["AccountLimit"]["ConcurrentExecutions"] = limits.concurrent_executions
        left = max(rules.unreserved(limits, account.table()), 0)
        settings["AccountLimit"]["UnreservedConcurrentExecutions"] = left
        return status, headers, json.dumps(settings).encode()

    patches.ACCOUNT_SETTINGS.put(get)


def _cap_by_current_limits(account: SandboxAccount) -> None:
    original = patches.ACQUIRE_SLOT.get()

    def acquire(function: Record, config: Record) -> Any:
        _ = account.limits  # reading them applies a change to the cap
        return original(function, config)

    patches.ACQUIRE_SLOT.put(acquire)


def _error(refusal: Refusal) -> Response:
    return _answer(patches.ERROR_RESPONSE.get()(refusal.code, refusal.text, refusal.status))


def _answer(response: Any) -> Response:
    status, headers, body = response
    return status, headers, body
