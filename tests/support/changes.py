"""Short constructors of claim changes; a setting is a reservation and the provisioned concurrency."""

from tapctl.account.model import Concurrency, LiveFunction
from tapctl.concurrency.change import ClaimChange
from tapctl.concurrency.demand import FunctionDemand, Provisioned
from tapctl.unknown import Count

Setting = tuple[Count | None, Count]


def wanted(
    name: str, reserved: Count | None = None, provisioned: Count = 0, called: str | None = None
) -> FunctionDemand:
    published = () if provisioned == 0 else (Provisioned(f"{name}Alias", provisioned, 2),)
    return FunctionDemand(name, 1, reserved, published, called, 3)


def live(name: str, reserved: Count | None = None, provisioned: Count = 0) -> LiveFunction:
    return LiveFunction(f"stack-{name}", reserved, provisioned)


def change(name: str, old: Setting | None, new: Setting | None, *, replaced: bool = False) -> ClaimChange:
    """A function from one setting to another; without an old one it is created, without a new one removed."""
    return ClaimChange(
        name,
        None if new is None else wanted(name, *new),
        None if old is None else live(name, *old),
        replaced,
    )


def account(limit: Count, unreserved: Count | None = None) -> Concurrency:
    """An account with this limit, all of it unreserved by default."""
    return Concurrency(limit, limit if unreserved is None else unreserved)
