"""Everything of an account that the catalogue covers, read without a template."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tapctl.account.model import UNREAD, Account, AccountSettings, Stack
from tapctl.hints import Advice, advise
from tapctl.limits import Limit, LimitKind, catalogue
from tapctl.unknown import Unknown

if TYPE_CHECKING:
    from tapctl.account.reader import AccountReader
    from tapctl.settings.settings import Settings


def survey(
    reader: AccountReader, settings: Settings, limits: Sequence[Limit] | None = None, *, holders: bool = False
) -> Account:
    """Everything of the account that the catalogue covers: what `tapctl account` shows and saves."""
    with ThreadPoolExecutor(5, "read") as pool:
        read: Future[AccountSettings] = pool.submit(reader.settings)
        identity = pool.submit(reader.identity)
        stack = pool.submit(reader.stack, settings.stack_name) if settings.stack_name else None
        quotas = pool.submit(reader.quotas, [limit for limit in limits or catalogue() if limit.kind is LimitKind.COUNT])
        exports = pool.submit(reader.exports)
        known = identity.result()
        return Account(
            region=settings.region if isinstance(known, Unknown) else known.region,
            settings=read.result(),
            account_id=None if isinstance(known, Unknown) else known.account_id,
            taken_at=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            stack=without_hidden(stack.result(), settings.hidden) if stack else None,
            quotas=quotas.result(),
            exports=exports.result(),
            learned=settings.learned,
            holders=reader.holders() if holders else UNREAD,
        )


def without_hidden(stack: Stack | Unknown | None, hidden: frozenset[str]) -> Stack | Unknown | None:
    """The stack without the values that came from environment variables, which nothing shows or saves."""
    if not isinstance(stack, Stack) or not hidden & stack.parameters.keys():
        return stack
    withheld = {
        name: Unknown(
            f"parameter {name} keeps its deployed value, which is secret", advise(Advice.GIVE_PARAMETER, name)
        )
        for name in hidden & stack.parameters.keys()
    }
    return replace(stack, parameters={**stack.parameters, **withheld})
