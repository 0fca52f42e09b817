"""Files of accounts, as people write and generate them."""

from pathlib import Path

import pytest

from tapctl.errors import ConfigError
from tapctl.hints import advise
from tapctl.hints.usage import UsageAdvice
from tapctl.settings.fleet_section import Fleet
from tapctl.settings.targets import TargetAccount, Targets, choose
from tests.support.golden import Golden

ID = "111111111111"


def listed(folder: Path, entries: str) -> list[TargetAccount]:
    """The accounts of a file with these entries."""
    (folder / "accounts.yml").write_text(f"accounts:\n{entries}\n")
    fleet = Fleet(regions=["eu-west-1"], file="accounts.yml", read_role="read")
    return list(Targets({"prod": fleet}, folder).listed())


def test_an_entry_may_leave_out_all_but_the_id(tmp_path: Path) -> None:
    (account,) = listed(tmp_path, f"- account_id: {ID}\n  name:\n  regions: []\n  role: ''\n  tags: [a]")

    assert account == TargetAccount(ID, ("eu-west-1",), "", "read")


def test_numbers_are_text(tmp_path: Path) -> None:
    (account,) = listed(tmp_path, f"- account_id: {ID}\n  name: 7\n  external_id: 42")

    assert (account.name, account.external_id) == ("7", "42")


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param("- name: no id", id="no id"),
        pytest.param("- 5", id="a number"),
        pytest.param("- account_id: '" + "\u0661" * 12 + "'", id="digits of another script"),
        pytest.param(f"- account_id: '{ID}'\n  name: {{a: b}}", id="a name that is a table"),
        pytest.param(f"- account_id: '{ID}'\n  external_id: [a]", id="an external id that is a list"),
        pytest.param(f"- account_id: '{ID}'\n  regions: eu-west-1", id="one Region"),
        pytest.param(f"- account_id: '{ID}'\n  regions: [eu-west-1, all]", id="every Region"),
        pytest.param(f"- account_id: '{ID}'\n  role: [a, b]", id="a chain of roles"),
        pytest.param(f"- account_id: '{ID}'\n  role: a/../b c", id="no role"),
    ],
)
def test_a_wrong_entry_is_named(entry: str, tmp_path: Path, golden: Golden) -> None:
    with pytest.raises(ConfigError) as failure:
        listed(tmp_path, entry)

    golden(failure.value)


def test_a_missing_fleet_is_refused_with_the_existing_ones() -> None:
    fleets = {"prod": Fleet(), "live": Fleet()}

    with pytest.raises(ConfigError) as failure:
        choose("staging", fleets, Path("tapctl.toml"))

    assert failure.value.hint == advise(UsageAdvice.IT_HAS, "prod, live")
