"""`[fleet.NAME]` of tapctl.toml: many accounts in several Regions."""

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from tapctl.concurrency.remedy import RemedyMode
from tapctl.hints import Hint, advise
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.findings import DURATION, NOT_BLANK, QUOTA
from tapctl.settings.verify_section import Section

ACCOUNT_ID = r"^[0-9]{12}$"
REGION = r"^[a-z]{2,3}(-[a-z]+)+-[0-9]+$"
UNIT = r"^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$"

STACK_SET = r"^([a-zA-Z]|\{env\})([-a-zA-Z0-9]|\{env\})*$"
ROLE = r"^[\w+=,.@-]{1,64}$"
ROLE_ARN = r"^arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]+$"
READ_ROLE = r"^([\w+=,.@-]{1,64}|arn:[a-z-]+:iam::([0-9]{12}|\{account\}):role/[\w+=,.@/-]+)$"

MOST_UNITS = 50
"""Of one call of StackSets."""


class KeyConflict(ValueError):
    """Keys that exclude or need each other."""

    def __init__(self, message: str, hint: Hint | None = None) -> None:
        super().__init__(message)
        self.hint = hint


AccountId = Annotated[str, Field(pattern=ACCOUNT_ID)]
Region = Annotated[str, Field(pattern=REGION)]
Unit = Annotated[str, Field(pattern=UNIT)]
Excluded = Annotated[str, Field(pattern=f"{ACCOUNT_ID}|{UNIT}")]
ParameterValues = dict[str, bool | int | float | str | list[str]]


_SHARE = re.compile(r"(100|[1-9]?[0-9])%")

MOST_ACCOUNTS = 100_000
"""Of a stack set, which has so many instances at most."""


def _share(value: object) -> int | str:
    """A number of accounts, or a share of them."""
    if isinstance(value, str) and _SHARE.fullmatch(value):
        return value
    if type(value) is int and 0 <= value <= MOST_ACCOUNTS:
        return value
    raise ValueError(f"must be a number of accounts up to {MOST_ACCOUNTS:,}, or a share of them such as 10%")


def _some(value: object) -> int | str:
    """A number of accounts, or a share of them, above 0."""
    if _share(value) in (0, "0%"):
        raise ValueError("must be above 0")
    return _share(value)


_Number, _Text = Annotated[int, Field(ge=0, le=MOST_ACCOUNTS)], Annotated[str, Field(pattern=f"^{_SHARE.pattern}$")]
Share = Annotated[int | str, BeforeValidator(_share, json_schema_input_type=_Number | _Text)]
Some = Annotated[int | str, BeforeValidator(_some, json_schema_input_type=_Number | _Text)]
ReadRole = Annotated[str, Field(pattern=READ_ROLE)]


class FleetAccount(Section):
    """`[fleet.NAME.account.ID]`: what differs in one account."""

    regions: list[Region] = Field(default=[])
    """The Regions of this account instead of the fleet's."""
    read_role: ReadRole | None = None
    """The role of this account instead of the fleet's."""
    parameters: ParameterValues = Field(default={})
    """Template parameters, which win over the fleet's."""


class Fleet(Section):
    """`[fleet.NAME]`: many accounts in several Regions."""

    regions: list[Region] = Field(default=[])
    """The Regions, in the order of the table."""
    accounts: list[AccountId] = Field(default=[])
    """Account ids; they, `ous` and `file` add up."""
    ous: list[Unit] = Field(default=[])
    """Organizational units or the root: their accounts at any depth that are active."""
    exclude: list[Excluded] = Field(default=[])
    """Account ids, and organizational units with what is below them, that are left out."""
    file: str | None = None
    """A file of accounts in the form of c7n-org's accounts.yml, relative to tapctl.toml."""
    read_role: ReadRole | None = None
    """The role that reads an account: its name, or an ARN with `{account}`. Your own account needs none."""
    external_id: str | None = None
    """The external id that the roles ask for."""
    parameters: ParameterValues = Field(default={})
    """Template parameters, which win over those of `[env.NAME]`."""
    stack_set: Annotated[str, Field(pattern=STACK_SET)] | None = None
    """The name of the stack set that `tapctl fleet` rolls out; `{env}` is replaced by the environment's name."""
    stack_set_region: Region | None = None
    """The Region that the stack set lives in; by default the first of `regions`."""
    permission: Literal["self", "service"] = "self"
    """`self` for roles in each account, `service` for the access that Organizations grants."""
    call_as: Literal["self", "delegated_admin"] = "self"
    """`delegated_admin` for a delegated administrator's account; for `permission = "service"`."""
    auto_deploy: bool = False
    """`true` for `permission = "service"`: accounts that join `ous` get the stack set's own parameters, those that
    leave keep their stacks."""
    administration_role: Annotated[str, Field(pattern=ROLE_ARN)] | None = None
    """The ARN of the administration role; by default AWSCloudFormationStackSetAdministrationRole."""
    execution_role: Annotated[str, Field(pattern=ROLE)] | None = None
    """The name of the role in each account; by default AWSCloudFormationStackSetExecutionRole."""
    remedy: RemedyMode | None = None
    """`adjust`, `drop` or `fail` for the whole fleet, instead of the environment's."""
    canary: list[AccountId] | None = None
    """The accounts that go first, and of which none may fail; by default the first one. `[]` for none."""
    failure_tolerance: Share = 0
    """In how many accounts of a Region an operation may fail: a number, or a share such as `10%`."""
    max_concurrent: Some | None = None
    """In how many accounts of a Region at the same time, likewise; by default one more than may fail."""
    region_concurrency: Literal["sequential", "parallel"] = "sequential"
    """Whether all Regions are deployed to at the same time."""
    account: dict[AccountId, FleetAccount] = Field(default={})
    """`[fleet.NAME.account.ID]`: `regions`, `read_role` and `parameters` of one account."""

    @model_validator(mode="after")
    def _fits_the_permission(self) -> Self:
        wrong = self._wrong_of_service() if self.permission == "service" else self._wrong_of_self()
        if wrong:
            raise wrong
        return self

    def _wrong_of_self(self) -> KeyConflict | None:
        """A key that only a service-managed stack set has."""
        if self.auto_deploy:
            message = 'accounts join by themselves with `permission = "service"` alone'
            return KeyConflict(message, advise(UsageAdvice.REMOVE_KEY, "auto_deploy"))
        if self.call_as != "self":
            message = 'a delegated administrator needs `permission = "service"`'
            return KeyConflict(message, advise(UsageAdvice.SET_SERVICE_OR_REMOVE_CALL_AS))
        return None

    def _wrong_of_service(self) -> KeyConflict | None:
        """A key that a service-managed stack set cannot have or lacks."""
        if not self.ous:
            message = '`permission = "service"` needs `ous`, the organizational units or the root that it deploys to'
            return KeyConflict(message)
        if len(self.ous) > MOST_UNITS:
            message = f"a stack set takes {MOST_UNITS} organizational units at most"
            return KeyConflict(message, advise(UsageAdvice.NAME_PARENT_UNITS))
        for name in ("accounts", "file"):
            if getattr(self, name):
                message = '`permission = "service"` takes its accounts from `ous` alone'
                return KeyConflict(message, advise(UsageAdvice.REMOVE_KEY_OR_EXCLUDE, name))
        for name in ("administration_role", "execution_role"):
            if getattr(self, name):
                message = '`permission = "service"` uses the roles of Organizations'
                return KeyConflict(message, advise(UsageAdvice.REMOVE_KEY, name))
        return None


_UNIT_KIND = "the id of an organizational unit, such as ou-ab12-11111111, or of the root"
KINDS_BY_PATTERN = {
    ACCOUNT_ID: "an account id of 12 digits",
    REGION: "a Region such as us-east-1",
    UNIT: _UNIT_KIND,
    STACK_SET: "a name of letters, digits and hyphens that begins with a letter",
    ROLE: "the name of a role",
    ROLE_ARN: "the ARN of a role",
    READ_ROLE: "the name of a role, or its ARN with `{account}`",
    f"{ACCOUNT_ID}|{UNIT}": f"an account id of 12 digits, or {_UNIT_KIND}",
    DURATION: "a time such as `12h`, `7d` or `2w`",
    NOT_BLANK: "a text that is not blank",
    QUOTA: "SERVICE/CODE as Service Quotas has it, or SERVICE/NAME",
}
"""What the value of a key has to be, in words."""
