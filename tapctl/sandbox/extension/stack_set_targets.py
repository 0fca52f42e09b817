"""The home account and the target cells of a call on a stack set."""

from collections.abc import Iterable, Mapping
from typing import Any

from tapctl.sandbox.extension import patches
from tapctl.sandbox.extension.patches import Record
from tapctl.sandbox.extension.query import ApiError, invalid
from tapctl.sandbox.stack_set_rules import StackSetRules
from tapctl.sandbox.stack_sets import CREATE, DELETE, CellResult, SandboxStackSet, cell_of

SERVICE_MANAGED, SELF_MANAGED = "SERVICE_MANAGED", "SELF_MANAGED"
MOST_UNITS = 50
Accounts = dict[str, str]
"""Account id to the unit that it was found in."""


def home(request: Record, rules: StackSetRules) -> str:
    """The account whose stack sets a request is about: the caller's, or for its delegate the management account."""
    caller: str = patches.REQUEST_ACCOUNT.get()()
    if request.get("CallAs") != "DELEGATED_ADMIN":
        return caller
    management = _management(caller)
    if management is None or caller not in rules.delegated_admins:
        raise _no_administrator()
    return management


def require_organization(account: str, rules: StackSetRules) -> None:
    """Refuse a service-managed stack set of any other account than a management account."""
    if (account, "self") not in patches.ORGANIZATIONS.get().to_dict() or _management(account) is not None:
        raise _no_administrator()
    if not rules.trusted_access:
        raise invalid("You must enable organizations access to operate a service managed stack set")


def members(management: str, units: Iterable[str]) -> Accounts:
    """The accounts in units, and in those below them, without the management account."""
    found: Accounts = {}
    accounts = {item: record for (owner, item), record in _items(patches.ORGANIZATION_ACCOUNTS) if owner == management}
    parents = {item: record["_ParentId"] for (owner, item), record in _items(patches.ORGANIZATION_UNITS)}
    for unit in units:
        below, added = {unit}, {unit}
        while added := {unit for unit, parent in parents.items() if parent in added} - below:
            below |= added
        for account, record in accounts.items():
            if record.get("_ParentId") in below and account != management:
                found.setdefault(account, unit)
    return found


def suspended(management: str) -> set[str]:
    """The suspended accounts of an organization."""
    records = _items(patches.ORGANIZATION_ACCOUNTS)
    return {
        member for (owner, member), record in records if owner == management and record.get("Status") == "SUSPENDED"
    }


def cells(of: SandboxStackSet, request: Record, action: str) -> dict[str, CellResult]:
    """The cells that a request names. Raises `ApiError` for a target that is not there, or not of this model."""
    targets = targets_of(request)
    regions = _list(request, "Regions")
    if not regions:
        raise invalid("Regions must be specified")
    chosen = _accounts(of, targets, action)
    found = {
        cell_of(account, region): CellResult(account, region, unit)
        for region in dict.fromkeys(regions)
        for account, unit in chosen.items()
    }
    if action == CREATE:
        return found
    units = _list(targets, "OrganizationalUnitIds")
    missing = [cell for cell in found if cell not in of.instances]
    named = set(_list(targets, "Accounts"))
    lacking = [cell for cell in missing if not units or cell.partition("/")[0] in named]
    if lacking and action != DELETE:  # which declares no such error
        raise _no_instance(lacking[0])
    return {cell: result for cell, result in found.items() if cell in of.instances}


def targets_of(request: Record) -> Record:
    """The DeploymentTargets of a request; `Accounts` alone is the same as `Accounts` in them."""
    targets = request.get("DeploymentTargets") or {}
    if targets.get("AccountsUrl"):
        raise invalid("AccountsUrl is not supported by the sandbox")
    if "Accounts" in request:
        if targets:
            raise invalid("You can specify Accounts or DeploymentTargets, but not both")
        return {"Accounts": _list(request, "Accounts")}
    return dict(targets)


def no_instance(account: str, region: str) -> ApiError:
    return _no_instance(cell_of(account, region))


def _no_instance(cell: str) -> ApiError:
    account, _, region = cell.partition("/")
    return ApiError(
        "StackInstanceNotFoundException", f"Stack instance for account {account} and region {region} not found", 404
    )


def _accounts(of: SandboxStackSet, targets: Record, action: str) -> Accounts:
    accounts, units = _list(targets, "Accounts"), _list(targets, "OrganizationalUnitIds")
    if bad := next((account for account in accounts if not (account.isdigit() and len(account) == 12)), None):
        raise invalid(f"Account '{bad}' must be an account id of 12 digits")
    if of.model == SELF_MANAGED:
        if units:
            raise invalid("StackSets with SELF_MANAGED permission model can only have accounts as target")
        if not accounts:
            raise invalid("Accounts must be specified")
        return dict.fromkeys(accounts, "")
    if not units:
        raise invalid("StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target")
    if len(units) > MOST_UNITS:
        raise invalid(f"A maximum number of {MOST_UNITS} organizational units can be specified")
    return _filtered(members(of.account, units), accounts, targets.get("AccountFilterType"), of, action)


def _filtered(below: Accounts, accounts: list[str], kind: str | None, of: SandboxStackSet, action: str) -> Accounts:
    if accounts and kind is None and action == CREATE:
        raise invalid("AccountFilterType must be specified when both OrganizationalUnitIds and Accounts are specified")
    if kind == "UNION" and action == CREATE:
        raise invalid("AccountFilterType UNION is not supported for create operations")
    match kind or ("UNION" if accounts else "NONE"):
        case "INTERSECTION":
            return {account: unit for account, unit in below.items() if account in accounts}
        case "DIFFERENCE":
            return {account: unit for account, unit in below.items() if account not in accounts}
        case "UNION":
            units = {instance.account: instance.unit for instance in of.instances.values()}
            return {**{account: units.get(account, "") for account in accounts}, **below}
        case "NONE":
            return below
        case other:
            raise invalid(f"AccountFilterType {other} is not one of NONE, INTERSECTION, DIFFERENCE, UNION")


def _management(account: str) -> str | None:
    """The management account of the organization that an account is a member of."""
    owners = (owner for (owner, item), _ in _items(patches.ORGANIZATION_ACCOUNTS) if item == account != owner)
    return next(owners, None)


def _items(patch: patches.Patch) -> list[tuple[tuple[str, str], Mapping[str, Any]]]:
    return list(patch.get().to_dict().items())


def _list(values: Record, name: str) -> list[str]:
    return list(values.get(name) or ())


def _no_administrator() -> ApiError:
    return invalid(
        "You must be the management account or delegated admin account of an organization"
        " before operating a SERVICE_MANAGED stack set"
    )
