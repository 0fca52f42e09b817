"""The accounts and Regions that `[fleet.NAME]` of tapctl.toml names; those of Organizations come from AWS."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tapctl.concurrency.verdict import Weakening
from tapctl.errors import ConfigError, TemplateError, UsageError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.config_file import FILE
from tapctl.settings.fleet_section import ACCOUNT_ID, KINDS_BY_PATTERN, READ_ROLE, REGION, Fleet, FleetAccount
from tapctl.template.load import read_source
from tapctl.template.parameters import as_text
from tapctl.template.parse import parse

if TYPE_CHECKING:
    from tapctl.concurrency.remedy import RemedyMode
    from tapctl.settings.trusted import Trusted


@dataclass(frozen=True, slots=True)
class TargetAccount:
    """One account of a fleet: `role` reads it, a name or an ARN; empty where the credentials in use do."""

    id: str
    regions: tuple[str, ...]
    name: str = ""
    role: str = ""
    external_id: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    remedy: RemedyMode | None = None
    """The remedy of its fleet, None for that of the environment."""
    stack_set: str = ""
    """The stack set of its fleet, as the fleet names it; empty without one."""

    @property
    def role_name(self) -> str:
        return self.role.rpartition("/")[2]

    def role_arn(self, partition: str) -> str:
        if self.role.startswith("arn:"):
            return self.role.replace("{account}", self.id)
        return f"arn:{partition}:iam::{self.id}:role/{self.role}"


@dataclass(frozen=True, slots=True)
class Targets:
    """The fleets that `--targets` names, and the folder that their files are relative to.

    In a gate, `trusted` has the content of these files.
    """

    fleets: Mapping[str, Fleet]
    folder: Path
    trusted: Trusted | None = None

    @property
    def name(self) -> str:
        return ",".join(self.fleets)

    @property
    def asks_organizations(self) -> bool:
        return any(fleet.ous for fleet in self.fleets.values())

    @property
    def without_remedy(self) -> Targets:
        """The targets without remedies of their own, since an option gives one."""
        fleets = {name: fleet.model_copy(update={"remedy": None}) for name, fleet in self.fleets.items()}
        return replace(self, fleets=fleets)

    def listed(self) -> Iterator[TargetAccount]:
        """The accounts of the configuration and of files. Raises `ConfigError` for a file that names no accounts."""
        for fleet in self.fleets.values():
            accounts = [target_account(fleet, account) for account in fleet.accounts]
            accounts += _of_file(fleet, self.folder / fleet.file, self.trusted) if fleet.file else ()
            yield from (account for account in accounts if account.id not in fleet.exclude)


def choose(names: str, fleets: Mapping[str, Fleet], path: Path | None, trusted: Trusted | None = None) -> Targets:
    """The fleets of `--targets`, names with commas between them or `all`, of the file at `path` or of what is trusted.

    Raises `UsageError` for an empty name, `ConfigError` for an unknown one.
    """
    where, folder = str(path or FILE), path.parent if path else Path()
    if trusted:
        fleets, where, folder = trusted.file.fleet, trusted.name, trusted.folder
    wanted = list(fleets) if names == "all" and "all" not in fleets else [name.strip() for name in names.split(",")]
    for name in wanted:
        if name not in fleets:
            near = difflib.get_close_matches(name, fleets, n=1)
            hint = (
                advise(UsageAdvice.DID_YOU_MEAN, near[0])
                if near
                else advise(UsageAdvice.IT_HAS, ", ".join(fleets))
                if fleets
                else advise(UsageAdvice.ADD_FLEET, name or "NAME", FILE)
            )
            raise ConfigError(f"{where} has no fleet `{name}`", hint)
    if not wanted:
        raise UsageError(f"{where} has no fleet", advise(UsageAdvice.ADD_FLEET, "NAME", FILE))
    return Targets({name: fleets[name] for name in wanted}, folder, trusted)


def changes(targets: Targets, tested: Mapping[str, Fleet]) -> Iterator[Weakening]:
    """The fleets and their files that the change under test changes; the trusted ones are in force."""
    trusted = targets.trusted
    for name, fleet in targets.fleets.items() if trusted else ():
        where = trusted.name if trusted else ""
        if (other := tested.get(name)) != fleet:
            shown = _fleet_json(other) if other else "unset"
            yield Weakening(f"fleet.{name}", _fleet_json(fleet), where, changed=True, proposed=shown)
        path = targets.folder / fleet.file if fleet.file else None
        before = trusted.content(path) if trusted and path else None
        if path and before is not None and before != (path.read_bytes() if path.is_file() else b""):
            yield Weakening(f"file {fleet.file}", "another one", where, changed=True, proposed="changed content")


def _fleet_json(fleet: Fleet) -> str:
    return json.dumps(fleet.model_dump(mode="json", exclude_defaults=True), sort_keys=True)


def target_account(
    fleet: Fleet, id_: str, name: str = "", *, regions: Sequence[str] = (), role: str = "", external_id: str = ""
) -> TargetAccount:
    """An account of a fleet; its own section wins over the file, which wins over the fleet."""
    own = fleet.account.get(id_, FleetAccount.model_construct())
    values = {**fleet.parameters, **own.parameters}
    return TargetAccount(
        id_,
        tuple(dict.fromkeys(own.regions or regions or fleet.regions)),
        name,
        own.read_role or role or fleet.read_role or "",
        external_id or fleet.external_id or "",
        {key: ",".join(value) if isinstance(value, list) else as_text(value) for key, value in values.items()},
        fleet.remedy,
        fleet.stack_set or "",
    )


def merged(accounts: Iterable[TargetAccount]) -> tuple[tuple[TargetAccount, ...], tuple[str, ...]]:
    """Each account once, with the Regions of all its entries and all else of the first; and the ids given twice."""
    found: dict[str, TargetAccount] = {}
    twice: dict[str, None] = {}
    for account in accounts:
        if first := found.get(account.id):
            twice[account.id] = None
            account = replace(first, regions=tuple(dict.fromkeys((*first.regions, *account.regions))))  # noqa: PLW2901
        found[account.id] = account
    return tuple(found.values()), tuple(twice)


def _of_file(fleet: Fleet, path: Path, trusted: Trusted | None) -> Iterator[TargetAccount]:
    """The accounts of a file such as c7n-org's; its `profile`, `tags` and `vars` are not used.

    Source: https://cloudcustodian.io/docs/tools/c7n-org.html
    """
    try:
        data = trusted.content(path) if trusted else None
        content = (read_source(path) if data is None else parse(data.decode(errors="replace"), str(path))).value
    except TemplateError as error:
        raise ConfigError(error.message, advise(UsageAdvice.CORRECT_TARGETS_FILE, FILE)) from None
    entries = content.get("accounts") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise ConfigError(f"{path} has no list `accounts`", advise(UsageAdvice.USE_C7N_ORG_FORM))
    for number, entry in enumerate(entries, 1):
        yield _of_entry(fleet, entry, f"{path}: account {number}")


def _of_entry(fleet: Fleet, entry: Any, where: str) -> TargetAccount:
    values = entry if isinstance(entry, dict) else {}
    id_ = str(values.get("account_id", ""))
    if not re.fullmatch(ACCOUNT_ID, id_):
        wrong = f"`account_id` {id_} is not 12 digits" if id_ else "`account_id` is missing"
        raise ConfigError(f"{where}: {wrong}", advise(UsageAdvice.QUOTE_ACCOUNT_ID))
    return target_account(
        fleet,
        id_,
        _text(values, "name", where),
        regions=_regions(values.get("regions") or [], where),
        role=_role(values.get("role") or "", where),
        external_id=_text(values, "external_id", where),
    )


def _text(values: Mapping[str, Any], key: str, where: str) -> str:
    value = values.get(key) or ""
    if isinstance(value, dict | list):
        raise ConfigError(f"{where}: `{key}` is not text", advise(UsageAdvice.QUOTE_VALUE))
    return str(value)


def _regions(value: object, where: str) -> list[str]:
    regions = [str(region) for region in value] if isinstance(value, list) else None
    wrong = next((region for region in regions or () if not re.fullmatch(REGION, region)), None)
    if regions is None or wrong is not None:
        named = "`regions` is not a list" if wrong is None else f"`{wrong}` is not a Region"
        raise ConfigError(f"{where}: {named}", advise(UsageAdvice.LIST_REGIONS))
    return regions


def _role(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{where}: `role` is a chain of roles", advise(UsageAdvice.NAME_ASSUMED_ROLE))
    if value and not re.fullmatch(READ_ROLE, value):
        raise ConfigError(
            f"{where}: `role` {value} is not a role", advise(UsageAdvice.WRITE_VALUE, KINDS_BY_PATTERN[READ_ROLE])
        )
    return value
