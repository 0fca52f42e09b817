"""The Lambda concurrency limits of the sandbox's accounts, and the file that carries them to the server."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tapctl.errors import UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.sandbox.clients import ACCOUNT_ID
from tapctl.state.files import write_atomically

FILE = "limits.json"


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """The Lambda concurrency limits of one account.

    `held` is reserved by functions outside the sandbox ("another team"); `floor` sets the unreserved minimum.
    AWS does not document whether provisioned concurrency of a function without a reservation lowers
    UnreservedConcurrentExecutions: `provisioned_counts` decides. Nor whether the reservation of a function is credited
    before its new one is checked: `own_credited` decides.
    """

    concurrent_executions: int = 10
    floor: int | None = None
    held: int = 0
    provisioned_counts: bool = True
    own_credited: bool = True

    def __post_init__(self) -> None:
        _require("concurrency limit", self.concurrent_executions, least=1)
        _require("concurrency held outside the sandbox", self.held, least=0)
        if self.floor is not None:
            _require("unreserved minimum", self.floor, least=0)
        for name in ("provisioned_counts", "own_credited"):
            if not isinstance(getattr(self, name), bool):
                raise UsageError(f"{name} must be true or false, not {getattr(self, name)!r}")

    @property
    def minimum_unreserved(self) -> int:
        """The number in the brackets of AWS's refusal."""
        return min(100, self.concurrent_executions) if self.floor is None else self.floor


@dataclass(frozen=True, slots=True)
class LimitsFile:
    """The content of limits.json: the limits of the default account, and those of others.

    A key of `accounts` is an account id or, for one Region alone, `111111111111/us-east-1`, which is the stronger. An
    account that is not listed has the limits of the default account.
    """

    default: AccountLimits = field(default_factory=AccountLimits)
    accounts: Mapping[str, AccountLimits] = field(default_factory=dict)

    def of(self, account_id: str, region: str = "") -> AccountLimits:
        account = self.accounts.get(account_id, self.default)
        return self.accounts.get(f"{account_id}/{region}", account)


def read(folder: Path) -> LimitsFile:
    """Read limits.json in `folder`, or the defaults without one. Raises `UsageError` if it is not usable."""
    path = folder / FILE
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        accounts = {name: AccountLimits(**limits) for name, limits in fields.pop("accounts", {}).items()}
        return LimitsFile(AccountLimits(**fields), accounts)
    except FileNotFoundError:
        return LimitsFile()
    except UsageError as error:
        reason = error.message
    except OSError as error:
        reason = error.strerror or "cannot read it"
    except json.JSONDecodeError:
        reason = "invalid JSON"
    except (TypeError, ValueError, AttributeError):
        reason = (
            "expected an object with concurrent_executions, floor, held, provisioned_counts, own_credited and accounts"
        )
    raise UsageError(f"cannot use {path}: {reason}", advise(UsageAdvice.REPLACE_SANDBOX_LIMITS))


def load(folder: Path, account_id: str = ACCOUNT_ID) -> AccountLimits:
    """The saved limits of one account, or of `account/region`. Raises `UsageError` as `read` does."""
    return read(folder).of(account_id)


def save(folder: Path, limits: AccountLimits, account_id: str = ACCOUNT_ID) -> None:
    """Save the limits of an account, or of `account/region`; a running sandbox applies them from its next decision on.

    The first limits of a Region take effect in that Region alone.
    """
    try:
        file = read(folder)
    except UsageError:
        file = LimitsFile()
    default = limits if account_id == ACCOUNT_ID else file.default
    accounts = file.accounts if account_id == ACCOUNT_ID else {**file.accounts, account_id: limits}
    fields = asdict(default)
    if accounts:
        fields["accounts"] = {name: asdict(others) for name, others in accounts.items()}
    write_atomically(folder / FILE, json.dumps(fields, indent=2) + "\n")


def _require(name: str, value: object, *, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"the {name} must be a whole number, not {value!r}")
    if value < least:
        raise UsageError(f"the {name} must be at least {least}, not {value}")
