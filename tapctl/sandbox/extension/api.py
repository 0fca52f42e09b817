"""The Lambda API: operations on concurrency, checked against the account's limits, and every name of a function."""

import json
from typing import Any

from tapctl.sandbox import rules
from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.account import SandboxAccount
from tapctl.sandbox.extension.patches import Record, Response
from tapctl.sandbox.rules import LambdaRefusal


def install(account: SandboxAccount) -> None:
    """Replace the emulator's functions behind the API routes."""
    _check_reserved(account)
    _check_provisioned(account)
    _list_provisioned()
    _report_account_settings(account)
    _cap_by_current_limits(account)
    _take_every_name()


def _take_every_name() -> None:
    """Ask for a function whose name begins with `url` by its ARN; the emulator takes the name for its URL's route."""
    original = patches.LAMBDA_REQUEST.get()

    async def handle(method: str, path: str, *more: Any) -> Response:
        before, route, name = path.partition("/functions/url")
        if route:
            arn = (
                f"arn:aws:lambda:{patches.REQUEST_REGION.get()()}:{patches.REQUEST_ACCOUNT.get()()}:function:url{name}"
            )
            path = f"{before}/functions/{arn}"
        return _response(await original(method, path, *more))

    patches.LAMBDA_REQUEST.put(handle)


def _check_reserved(account: SandboxAccount) -> None:
    original = patches.PUT_CONCURRENCY.get()

    def put(name: str, data: Record) -> Response:
        if name not in patches.FUNCTIONS.get():
            return _response(original(name, data))  # its 404
        requested = data.get("ReservedConcurrentExecutions")
        value = rules.whole_number(requested, least=0)
        if value is None:
            return _error(rules.invalid_number("reservedConcurrentExecutions", requested, least=0))
        if refusal := rules.refuse_reserved(account.limits, account.functions(), name, value):
            return _error(refusal)
        return _response(original(name, {**data, "ReservedConcurrentExecutions": value}))

    patches.PUT_CONCURRENCY.put(put)


def _check_provisioned(account: SandboxAccount) -> None:
    original = patches.PUT_PROVISIONED.get()

    def put(name: str, qualifier: str | None, data: Record) -> Response:
        if name not in patches.FUNCTIONS.get():
            return _response(original(name, qualifier, data))
        requested = data.get("ProvisionedConcurrentExecutions")
        value = rules.whole_number(requested, least=1)
        if value is None:
            return _error(rules.invalid_number("provisionedConcurrentExecutions", requested, least=1))
        if refusal := rules.refuse_provisioned(
            account.limits, account.functions(), name, qualifier or "$LATEST", value
        ):
            return _error(refusal)
        return _response(original(name, qualifier, {**data, "ProvisionedConcurrentExecutions": value}))

    patches.PUT_PROVISIONED.put(put)


def _list_provisioned() -> None:
    original = patches.GET_PROVISIONED.get()

    def get(name: str, requested: str | None) -> Response:
        record = patches.FUNCTIONS.get().get(name)
        # ListProvisionedConcurrencyConfigs is the same route without a qualifier.
        if requested or record is None:
            return _response(original(name, requested))
        arn = record["config"]["FunctionArn"]
        configs = [
            {"FunctionArn": f"{arn}:{qualifier}", **config}
            for qualifier, config in record.get("provisioned_concurrency", {}).items()
            if qualifier in record["versions"] or qualifier in record["aliases"]
        ]
        return _response(patches.JSON_RESPONSE.get()({"ProvisionedConcurrencyConfigs": configs}))

    patches.GET_PROVISIONED.put(get)


def _report_account_settings(account: SandboxAccount) -> None:
    original = patches.ACCOUNT_SETTINGS.get()

    def get() -> Response:
        status, headers, body = original()
        settings = json.loads(body)
        limits = account.limits
        settings["AccountLimit"]["ConcurrentExecutions"] = limits.concurrent_executions
        left = max(rules.unreserved(limits, account.functions()), 0)
        settings["AccountLimit"]["UnreservedConcurrentExecutions"] = left
        return status, headers, json.dumps(settings).encode()

    patches.ACCOUNT_SETTINGS.put(get)


def _cap_by_current_limits(account: SandboxAccount) -> None:
    original = patches.ACQUIRE_SLOT.get()

    def acquire(function: Record, config: Record) -> Any:
        # Throttling at invoke time is the emulator's own; only the limit is ours.
        patches.INVOKE_CAP.put(account.limits.concurrent_executions)
        return original(function, config)

    patches.ACQUIRE_SLOT.put(acquire)


def _error(refusal: LambdaRefusal) -> Response:
    return _response(patches.ERROR_RESPONSE.get()(refusal.code, refusal.text, refusal.status))


def _response(answer: Any) -> Response:
    status, headers, body = answer
    return status, headers, body
