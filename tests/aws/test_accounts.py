"""Roles in many accounts through shared clients, and the accounts of an organization."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tapctl.aws.accounts import Accounts, OrganizationAccount, Role, organization_accounts
from tapctl.aws.lookups import account_id
from tapctl.aws.session import Aws, Connection
from tapctl.errors import AwsError, UsageError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tests.support.fleet_service import HUB, Service, refused, serving

ONE, TWO = "111111111111", "222222222222"
UNIT, BELOW = "ou-abcd-11111111", "ou-abcd-22222222"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Service], Aws]]:
    """AWS with the credentials that lead to the roles of a service."""
    with ExitStack() as stack:

        def start(service: Service) -> Aws:
            monkeypatch.setenv("AWS_ENDPOINT_URL", stack.enter_context(serving(service)))
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", HUB)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
            return Aws(Connection("eu-west-1"))

        yield start


def arn(account: str) -> str:
    return f"arn:aws:iam::{account}:role/read"


def test_cells_share_a_client_and_each_calls_as_its_account(hub: Callable[[Service], Aws]) -> None:
    service = Service()
    accounts = Accounts(hub(service))

    cells = [accounts.cell(region, arn(account)) for account in (ONE, TWO) for region in ("eu-west-1", "us-east-1")]

    assert [account_id(cell) for cell in cells] == [ONE, ONE, TWO, TWO]
    assert [cell.region for cell in cells] == ["eu-west-1", "us-east-1"] * 2
    assert service.counts["AssumeRole"] == 2
    assert len(accounts._role_clients._clients) == 2
    assert account_id(accounts.cell("eu-west-1")) == accounts.own


def test_the_pages_of_a_listing_are_read_as_the_account(hub: Callable[[Service], Aws]) -> None:
    service = Service(units={UNIT: (ONE,)})
    cell = Accounts(hub(service)).cell("us-east-1", arn(TWO))

    pages = cell.pages("organizations", "ListAccountsForParent", ParentId=UNIT)

    assert [account["Id"] for page in pages for account in page["Accounts"]] == [ONE]


def test_a_refused_role_is_asked_for_once(hub: Callable[[Service], Aws]) -> None:
    service = Service(refusals={f"AssumeRole {ONE}": refused("AccessDenied", "no", 403)})
    accounts = Accounts(hub(service))

    for region in ("eu-west-1", "us-east-1"):
        with pytest.raises(AwsError):
            accounts.cell(region, arn(ONE))

    assert service.counts["AssumeRole"] == 1


def test_a_throttled_role_is_asked_for_again(hub: Callable[[Service], Aws]) -> None:
    service = Service(throttled=frozenset({"AssumeRole"}))

    assert account_id(Accounts(hub(service)).cell("us-east-1", arn(ONE))) == ONE


def keys_until(end: datetime) -> dict[str, Any]:
    return {"AccessKeyId": "A", "SecretAccessKey": "S", "SessionToken": "T", "Expiration": end}


@pytest.mark.parametrize(
    ("minutes", "assumed"), [pytest.param(60, 1, id="they last"), pytest.param(4, 3, id="they are about to end")]
)
def test_a_role_is_assumed_again_before_its_credentials_end(minutes: int, assumed: int) -> None:
    asked = []

    def assume() -> dict[str, Any]:
        asked.append(1)
        return keys_until(datetime.now(UTC) + timedelta(minutes=minutes))

    role = Role(assume)
    for _ in range(3):
        assert role.keys().token == "T"

    assert len(asked) == assumed


def test_the_accounts_below_a_unit_with_their_states(hub: Callable[[Service], Aws]) -> None:
    units = {UNIT: (ONE, BELOW, "ou-abcd-33333333"), BELOW: (TWO,), "ou-abcd-33333333": ("333333333333",)}
    aws = hub(Service(units=units, states={TWO: "SUSPENDED"}))

    found = list(organization_accounts(aws, [UNIT, BELOW], ["ou-abcd-33333333"]))

    assert found == [OrganizationAccount(ONE, "", "ACTIVE"), OrganizationAccount(TWO, "", "SUSPENDED")]


def test_a_missing_organizational_unit_is_refused(hub: Callable[[Service], Aws]) -> None:
    with pytest.raises(UsageError, match=UNIT):
        list(organization_accounts(hub(Service()), [UNIT]))


def test_a_denied_listing_is_an_error_of_aws(hub: Callable[[Service], Aws]) -> None:
    denied = 400, "application/json", '{"__type": "AccessDeniedException", "Message": "not the management account"}'

    with pytest.raises(AwsError, match="not the management account") as failure:
        list(organization_accounts(hub(Service(refusals={f"ListAccountsForParent {UNIT}": denied})), [UNIT]))

    assert failure.value.hint == advise(JudgementAdvice.LIST_ACCOUNTS_INSTEAD)


def test_a_role_that_was_throttled_is_asked_for_again_and_one_that_was_refused_is_not() -> None:
    asked: list[str] = []

    def assume(code: str) -> Any:
        asked.append(code)
        raise AwsError("no", code=code)

    for code in ("Throttling", "AccessDenied"):
        role = Role(lambda code=code: assume(code))  # type: ignore[misc]
        for _ in range(2):
            with pytest.raises(AwsError):
                role.keys()

    assert asked == ["Throttling", "Throttling", "AccessDenied"]
