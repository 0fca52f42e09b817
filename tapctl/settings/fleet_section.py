"""`[fleet.NAME]` of tapctl.toml: many accounts in several Regions."""

from typing import Annotated

from pydantic import Field

from tapctl.settings.verify_section import Section

ACCOUNT_ID = r"^\d{12}$"
REGION = r"^[a-z]{2,3}(-[a-z]+)+-\d+$"
UNIT = r"^(ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}|r-[a-z0-9]{4,32})$"

AccountId = Annotated[str, Field(pattern=ACCOUNT_ID)]
Region = Annotated[str, Field(pattern=REGION)]
Unit = Annotated[str, Field(pattern=UNIT)]
Excluded = Annotated[str, Field(pattern=f"{ACCOUNT_ID}|{UNIT}")]
ParameterValues = dict[str, bool | int | float | str | list[str]]


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
    account: dict[AccountId, FleetAccount] = Field(default_factory=dict)
    """`[fleet.NAME.account.ID]`: `regions`, `read_role` and `parameters` of one account."""


_UNIT_KIND = "the id of an organizational unit, such as ou-ab12-11111111, or of the root"
KINDS_BY_PATTERN = {
    ACCOUNT_ID: "an account id of 12 digits",
    REGION: "a Region such as us-east-1",
    UNIT: _UNIT_KIND,
    f"{ACCOUNT_ID}|{UNIT}": f"an account id of 12 digits, or {_UNIT_KIND}",
}
"""What the value of a key has to be, in words."""
