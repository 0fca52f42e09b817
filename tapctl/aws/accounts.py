"""Many accounts through one session: the accounts of an organization, and a role in each of them.

A session and a client cost far more than a request: one client for each service and Region serves all accounts, and
its credentials are those of the call that is being made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tapctl.aws.errors import DENIED, aws_call, is_throttled
from tapctl.aws.lookups import account_id
from tapctl.aws.session import Aws, Connection, partition
from tapctl.errors import AwsError, UsageError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_sts import STSClient

ASSUME_ROLE = "sts:AssumeRole"
LIST_ACCOUNTS = "organizations:ListAccountsForParent"
LIST_OUS = "organizations:ListOrganizationalUnitsForParent"
DESCRIBE_ORGANIZATION = "organizations:DescribeOrganization"

ATTEMPTS = 4
"""Of a request to one cell: the fresh account whose Lambda answers with errors must not hold up the others."""

_RENEWAL = timedelta(minutes=5)
"""How long before their end the credentials of a role are renewed; those of a chained role last an hour."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC) + _RENEWAL


@dataclass(slots=True)
class Role:
    """A role in another account; it is assumed once, and again shortly before its credentials end."""

    assume: Callable[[], Any]
    _keys: Any = None
    _end: datetime = _LONG_AGO
    _refusal: AwsError | UsageError | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def keys(self) -> Any:
        """The keys as botocore's `ReadOnlyCredentials`.

        Raises `AwsError`, the same one again once it is refused for another reason than too many requests.
        """
        from botocore.credentials import ReadOnlyCredentials

        with self._lock:
            if self._refusal:
                raise self._refusal
            if datetime.now(UTC) >= self._end - _RENEWAL:
                try:
                    answer = self.assume()
                except (AwsError, UsageError) as error:
                    if isinstance(error, UsageError) or not is_throttled(error):
                        self._refusal = error
                    raise
                self._keys = ReadOnlyCredentials(
                    answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]
                )
                self._end = answer["Expiration"]
            return self._keys


_role: ContextVar[Role] = ContextVar("role")
"""The role of the call that is being made."""


@dataclass(slots=True)
class RoleAws(Aws):
    """One account and Region through the clients of `shared`, with the credentials of a role where there is one."""

    shared: Aws = field(default_factory=lambda: Aws(Connection()))
    role: Role | None = None

    @property
    def region(self) -> str:
        return self.target.region or self.shared.region

    def client(self, service: str, region: str | None = None, *, once: float | None = None) -> Any:
        client = self.shared.client(service, region or self.region, once=once)
        return _with_role(client, self.role) if self.role else client


def _with_role(client: Any, role: Role) -> Any:
    """The client with the credentials of a role: every operation, page and waiter of it makes its calls here."""
    send = client._make_api_call  # noqa: SLF001 - the one place through which botocore sends

    def send_with_role(operation: str, parameters: Any) -> Any:
        before = _role.set(role)
        try:
            return send(operation, parameters)
        finally:
            _role.reset(before)

    own = object.__new__(type(client))
    own.__dict__.update(client.__dict__, _make_api_call=send_with_role)
    return own


@dataclass(slots=True)
class _RolesAws(Aws):
    """The clients that roles share; they take their credentials from `_role`."""

    def _new_session(self) -> boto3.Session:
        import boto3
        from botocore.credentials import Credentials
        from botocore.session import Session

        class OfRole(Credentials):
            def get_frozen_credentials(self) -> Any:
                return _role.get().keys()

        class Provider:
            METHOD = CANONICAL_NAME = "role-of-the-call"

            def load(self) -> Any:
                return OfRole("role", "of-the-call", method=self.METHOD)

        session = Session(profile=self.target.profile)
        session.get_component("credential_provider").providers.insert(0, Provider())
        return boto3.Session(botocore_session=session, region_name=self.target.region)


@dataclass(slots=True)
class Accounts:
    """The accounts that the credentials in use lead to; `hub` has these credentials."""

    hub: Aws
    own: str = field(init=False)
    """The account of the credentials in use."""
    _hub_clients: Aws = field(init=False)
    _role_clients: Aws = field(init=False)
    _roles: dict[str, Role] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.own = account_id(self.hub)
        self._hub_clients = Aws(self.hub.target, self.hub.trace, attempts=ATTEMPTS, _session=self.hub.session)
        self._role_clients = _RolesAws(self.hub.target, self.hub.trace, attempts=ATTEMPTS)

    @property
    def partition(self) -> str:
        return partition(self.hub.region).name

    def cell(self, region: str, arn: str = "", external_id: str = "") -> RoleAws:
        """One account and Region, through the role if there is one. Raises `AwsError` if it cannot be assumed."""
        target = Connection(region, self.hub.target.profile)
        if not arn:
            return RoleAws(target, shared=self._hub_clients)
        with self._lock:
            role = self._roles.setdefault(arn, Role(lambda: self._assume(arn, external_id)))
        role.keys()
        return RoleAws(target, shared=self._role_clients, role=role)

    def _assume(self, arn: str, external_id: str) -> Any:
        client: STSClient = self.hub.client("sts")
        more: Any = {"ExternalId": external_id} if external_id else {}
        with aws_call(ASSUME_ROLE):
            return client.assume_role(RoleArn=arn, RoleSessionName="tapctl", **more)["Credentials"]


def refusal(error: AwsError | UsageError, role: str, own: str) -> AwsError | UsageError:
    """The message for a role that cannot be assumed, the same for every account."""
    if isinstance(error, AwsError) and error.code in DENIED.codes:
        hint = advise(JudgementAdvice.CREATE_ROLES, own, ASSUME_ROLE)
        return AwsError(f"role {role} cannot be assumed from account {own}", hint, code=error.code)
    return error


@dataclass(frozen=True, slots=True)
class OrganizationAccount:
    """An account of an organization; `state` is ACTIVE, or why it is not."""

    id: str
    name: str
    state: str


_NO_ORGANIZATION = ("AWSOrganizationsNotInUseException", "AccessDeniedException")
_LIST_ACCOUNTS_INSTEAD = advise(JudgementAdvice.LIST_ACCOUNTS_INSTEAD)


def organization_accounts(
    aws: Aws, parents: Sequence[str], excluded: Collection[str] = ()
) -> Iterator[OrganizationAccount]:
    """The accounts below organizational units or the root, at any depth, except those below excluded units.

    One request at a time, since Organizations throttles parallel ones. Raises `UsageError` for a unit that is not
    there.
    """
    client: Any = aws.client("organizations")
    waiting, seen = [parent for parent in parents if parent not in excluded], set(excluded)
    while waiting:
        parent = waiting.pop(0)
        if parent in seen:
            continue
        seen.add(parent)
        try:
            with aws_call(LIST_ACCOUNTS):
                pages = list(client.get_paginator("list_accounts_for_parent").paginate(ParentId=parent))
                accounts = [account for page in pages for account in page["Accounts"]]
            with aws_call(LIST_OUS):
                below = list(client.get_paginator("list_organizational_units_for_parent").paginate(ParentId=parent))
                waiting += [unit["Id"] for page in below for unit in page["OrganizationalUnits"]]
        except AwsError as error:
            if error.code in ("ParentNotFoundException", "OrganizationalUnitNotFoundException"):
                hint = advise(JudgementAdvice.CORRECT_OUS)
                raise UsageError(f"there is no organizational unit {parent}", hint) from None
            if error.code in _NO_ORGANIZATION:
                raise AwsError(error.message, _LIST_ACCOUNTS_INSTEAD, code=error.code) from None
            raise
        for account in accounts:
            # Status has been retired since 2026-09-09; it counts only where there is no State.
            state = account.get("State") or account.get("Status", "ACTIVE")
            yield OrganizationAccount(account["Id"], account.get("Name", ""), state)


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization: its id, and its management account, which no service-managed stack set reaches."""

    id: str
    management: str


def organization(aws: Aws) -> Organization | None:
    """The organization of the account; None where it is in none."""
    client: Any = aws.client("organizations")
    try:
        with aws_call(DESCRIBE_ORGANIZATION):
            entry = client.describe_organization()["Organization"]
    except AwsError as error:
        if error.code == "AWSOrganizationsNotInUseException":
            return None
        raise
    return Organization(entry["Id"], entry.get("MasterAccountId", ""))
