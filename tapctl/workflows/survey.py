"""The limits of an account, without a verdict, for `tapctl account`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tapctl.account.model import UNREAD, Account, Stack
from tapctl.concurrency import limits_check
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tapctl.limits import catalogue
from tapctl.unknown import Unknown
from tapctl.workflows.read_inputs import counted, resolve_lookups

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader
    from tapctl.settings.settings import Settings
    from tapctl.template.model import Template


def survey(
    reader: AccountReader, settings: Settings, template: Template | None = None, *, holders: bool = False
) -> Account:
    """Read every limit, or with a template those that a new stack of it touches."""
    with ThreadPoolExecutor(5, "read") as pool:
        identity = pool.submit(reader.identity)
        # First what fails where the credentials do: the catalogue takes a client for each of sixty services.
        read = reader.settings()
        stack = pool.submit(reader.stack, settings.stack_name) if settings.stack_name else None
        quotas = None if template else pool.submit(reader.quotas, counted((*catalogue(), *settings.limits.own)))
        exports = pool.submit(reader.exports)
        known = identity.result()
        account = Account(
            region=settings.region if isinstance(known, Unknown) else known.region,
            settings=read,
            account_id=None if isinstance(known, Unknown) else known.account_id,
            taken_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            stack=without_hidden(stack.result(), settings.hidden) if stack else None,
            exports=exports.result(),
            learned=settings.learned,
            holders=reader.holders() if holders else UNREAD,
        )
    if template is None:
        return replace(account, quotas=quotas.result() if quotas else {})
    tree, _, account = resolve_lookups(template, reader, settings, account)
    limits = limits_check.touched(tree, own=settings.limits.own)
    return replace(account, quotas=reader.quotas(counted(limits)))


def without_hidden(stack: Stack | Unknown | None, hidden: frozenset[str]) -> Stack | Unknown | None:
    """The stack without the values that came from environment variables, which nothing shows or saves."""
    if not isinstance(stack, Stack) or not hidden & stack.parameters.keys():
        return stack
    withheld = {
        name: Unknown(
            f"parameter {name} keeps its deployed value, which is secret", advise(JudgementAdvice.PASS_PARAMETER, name)
        )
        for name in hidden & stack.parameters.keys()
    }
    return replace(stack, parameters={**stack.parameters, **withheld})
