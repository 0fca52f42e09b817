"""`[fleet.NAME]` of tapctl.toml: many accounts in several Regions."""

from typing import Annotated, Literal

from pydantic import Field

from tapctl.concurrency.remedy import RemedyMode
from tapctl.settings.verify_section import Section

ACCOUNT_ID = r"^\d{12}$"
REGION = r"^[a-z]{2,3}(-[a-z]+)+-\d+$"
UNIT = r"^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$"

SHARE = r"^(100|[1-9]?\d)%$"

AccountId = Annotated[str, Field(pattern=ACCOUNT_ID)]
Region = Annotated[str, Field(pattern=REGION)]
Unit = Annotated[str, Field(pattern=UNIT)]
Excluded = Annotated[str, Field(pattern=f"{ACCOUNT_ID}|{UNIT}")]
ParameterValues = dict[str, bool | int | float | str | list[str]]
Share = Annotated[int, Field(ge=0, strict=True)] | Annotated[str, Field(pattern=SHARE)]


class FleetAccount(Section):
    """`[fleet.NAME.account.ID]`: what differs in one account."""

    regions: list[Region] = Field(default_factory=list)
    """The Regions of this account instead of the fleet's."""
    read_role: str | None = None
    """The role of this account instead of the fleet's."""
    parameters: ParameterValues = Field(default_factory=dict)
    """Template parameters, which win over the fleet's."""


class Fleet(Section):
    """`[fleet.NAME]`: many accounts in several Regions."""

    regions: list[Region] = Field(default_factory=list)
    """The Regions, in the order of the table."""
    accounts: list[AccountId] = Field(default_factory=list)
    """Account ids; they, `ous` and `file` add up."""
    ous: list[Unit] = Field(default_factory=list)
    """Organizational units or the root: their accounts at any depth that are active."""
    exclude: list[Excluded] = Field(default_factory=list)
    """Account ids, and organizational units with what is below them, that are left out."""
    file: str | None = None
    """A file of accounts in the form of c7n-org's accounts.yml, relative to tapctl.toml."""
    read_role: str | None = None
    """The role that reads an account: its name, or an ARN with `{account}`. Your own account needs none."""
    external_id: str | None = None
    """The external id that the roles ask for."""
    parameters: ParameterValues = Field(default_factory=dict)
    """Template parameters, which win over those of `[env.NAME]`."""
    stack_set: str | None = None
    """The name of the stack set that `tapctl fleet` rolls out; `{env}` is replaced by the environment's name."""
    stack_set_region: Region | None = None
    """The Region that the stack set lives in; by default the first of `regions`."""
    permission: Literal["self", "service"] = "self"
    """`self` for roles in each account, `service` for the access that Organizations grants."""
    call_as: Literal["self", "delegated_admin"] = "self"
    """`delegated_admin` for a delegated administrator's account; for `permission = "service"`."""
    auto_deploy: bool = False
    """`true` lets accounts that join `ous` get the stack set's own parameters; for `permission = "service"`."""
    administration_role: str | None = None
    """The ARN of the administration role; by default AWSCloudFormationStackSetAdministrationRole."""
    execution_role: str | None = None
    """The name of the role in each account; by default AWSCloudFormationStackSetExecutionRole."""
    remedy: RemedyMode | None = None
    """`adjust`, `drop` or `fail` for the whole fleet, instead of the environment's."""
    canary: list[AccountId] | None = None
    """The accounts that go first, and of which none may fail; by default the first one. `[]` for none."""
    failure_tolerance: Share = 0
    """In how many accounts of a Region an operation may fail: a number, or a share such as `10%`."""
    max_concurrent: Share | None = None
    """In how many accounts of a Region at the same time: a number, or a share such as `10%`; by default in one."""
    region_concurrency: Literal["sequential", "parallel"] = "sequential"
    """Whether all Regions are deployed to at the same time."""
    account: dict[AccountId, FleetAccount] = Field(default_factory=dict)
    """`[fleet.NAME.account.ID]`: `regions`, `read_role` and `parameters` of one account."""


_UNIT_KIND = "the id of an organizational unit, such as ou-ab12-11111111, or of the root"
KINDS_BY_PATTERN = {
    ACCOUNT_ID: "an account id of 12 digits",
    REGION: "a Region such as us-east-1",
    UNIT: _UNIT_KIND,
    SHARE: "a share such as 10%",
    f"{ACCOUNT_ID}|{UNIT}": f"an account id of 12 digits, or {_UNIT_KIND}",
}
"""What the value of a key has to be, in words."""
