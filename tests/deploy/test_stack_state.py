import pytest

from tapctl.config import Settings
from tapctl.deploy.run import check_ready
from tapctl.deploy.stack import Live
from tapctl.deploy.stack_state import ABSENT, STATES, Action, End, state
from tapctl.errors import BusyError, DeployStuck, UsageError
from tapctl.template.model import Template, check
from tapctl.template.parse import parse

from .stubs import somewhere

TEXT = '{"Parameters": {"Stage": {"Type": "String"}}, "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'


def statuses() -> list[str]:
    """Every status that botocore's service model knows."""
    model = somewhere().client("cloudformation").meta.service_model
    return list(model.shape_for("StackStatus").enum)


@pytest.fixture(scope="module")
def template() -> Template:
    source = parse(TEXT, "shop.json")
    return check(Template(source, source.value))


def test_every_status_of_the_service_model_has_a_row_and_no_row_is_made_up() -> None:
    assert {*statuses(), ABSENT} == set(STATES)


@pytest.mark.parametrize("status", statuses())
def test_what_is_in_progress_has_not_ended_and_what_is_not_has(status: str) -> None:
    row = state(status)

    assert (row.end is None) == status.endswith("_IN_PROGRESS")
    assert (row.action is Action.BUSY) == (status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS")
    assert row.meaning
    assert row.hint or row.action in (Action.CREATE, Action.UPDATE, Action.RECREATE)


def test_only_three_statuses_are_a_success() -> None:
    assert {name for name, row in STATES.items() if row.end is End.SUCCESS} == {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "IMPORT_COMPLETE",
    }


def test_every_status_whose_operation_failed_for_good_needs_a_decision() -> None:
    assert {name for name, row in STATES.items() if row.end is End.STUCK} == {
        name for name in statuses() if name.endswith("_FAILED")
    }


def test_a_status_that_aws_adds_later_is_left_alone() -> None:
    row = state("TELEPORT_COMPLETE")

    assert (row.action, row.end) == (Action.REFUSE, None)
    assert "TELEPORT_COMPLETE" in row.meaning


@pytest.mark.parametrize("status", [*statuses(), ABSENT])
def test_a_deploy_starts_only_where_the_row_lets_it(status: str, template: Template) -> None:
    settings = Settings("shop.json", parameters={"Stage": "dev"})
    live = Live(status, "arn")

    match state(status).action:
        case Action.BUSY:
            with pytest.raises(BusyError, match=f"stack shop is {status}: ") as busy:
                check_ready(live, "shop", template, settings)
            assert (busy.value.exit_code, bool(busy.value.hint)) == (5, True)
        case Action.REFUSE:
            with pytest.raises(DeployStuck, match=f"stack shop is {status}: ") as stuck:
                check_ready(live, "shop", template, settings)
            assert (stuck.value.exit_code, bool(stuck.value.hint)) == (7, True)
        case _:
            check_ready(live, "shop", template, settings)


@pytest.mark.parametrize(
    ("status", "previous", "lacks"),
    [
        pytest.param(ABSENT, {}, True, id="a new stack has none"),
        pytest.param("UPDATE_COMPLETE", {"Stage": "dev"}, False, id="a stack that is up keeps its value"),
        pytest.param("ROLLBACK_COMPLETE", {"Stage": "dev"}, True, id="a stack that is deleted first keeps nothing"),
        pytest.param("REVIEW_IN_PROGRESS", {"Stage": "dev"}, True, id="a stack under review keeps nothing"),
    ],
)
def test_a_parameter_without_a_value_is_asked_for(
    status: str, previous: dict[str, str], lacks: bool, template: Template
) -> None:
    live = Live(status, "arn", previous)
    if not lacks:
        check_ready(live, "shop", template, Settings("shop.json"))
        return
    with pytest.raises(UsageError, match=r"shop\.json needs a value for Stage") as raised:
        check_ready(live, "shop", template, Settings("shop.json"))
    assert raised.value.hint == "`--parameter Stage=VALUE`, or tapctl.toml"
