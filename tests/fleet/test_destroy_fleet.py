"""The end of a fleet."""

from typing import Any

import pytest

from tapctl.errors import BusyError, UsageError
from tapctl.fleet.destroy_fleet import FleetDestroyed, destroy_fleet, held_resources
from tapctl.sandbox.stack_set_rules import Failure
from tapctl.unknown import Unknown
from tapctl.workflows.destroy import DeletedResource
from tests.support.golden import Golden
from tests.support.rollouts import SET, FakeUI, FleetProject, both_regions, reserving
from tests.support.stack_sets import OTHER_REGION, REGION


def destroyed(project: FleetProject, ui: FakeUI | None = None, *, retain: bool = False, **more: Any) -> FleetDestroyed:
    return destroy_fleet(project.base(), ui or FakeUI(), retain=retain, **more)


def sets(project: FleetProject) -> list[str]:
    found = project.fleet.cloudformation.list_stack_sets(Status="ACTIVE")["Summaries"]
    return [stack_set["StackSetName"] for stack_set in found]


def test_the_stacks_go_and_then_the_set(project: FleetProject, golden: Golden) -> None:
    project.section = both_regions()
    project.deploy()

    result = destroyed(project, ui := FakeUI())

    assert (result.is_gone, result.failed, result.beside) == (True, {}, ())
    golden(ui.questions)
    assert sets(project) == []
    for region in (REGION, OTHER_REGION):
        assert project.reserved(region=region) == {}
    assert not destroyed(project).exists


def test_deleted_and_retained_resources_are_shown_before_the_question(project: FleetProject) -> None:
    table = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }
    topic = {"Type": "AWS::SNS::Topic", "DeletionPolicy": "Retain"}
    project.template(reserving(Orders=table, Kept=topic, Gone={"Type": "AWS::SNS::Topic"}))
    project.deploy()

    destroyed(project, ui := FakeUI(answer=False))
    destroyed(project, keeping := FakeUI(answer=False), retain=True)

    cells = tuple((account, REGION) for account in project.fleet.accounts)
    lost = DeletedResource("Orders", "AWS::DynamoDB::Table", "")
    kept = DeletedResource("Kept", "AWS::SNS::Topic", "", "Retain")
    (shown,), (retained,) = ui.deletions, keeping.deletions
    assert (shown.stack_set, set(shown.cells), shown.retains) == (SET, set(cells), False)
    assert (isinstance(shown.resources, tuple) and set(shown.resources)) == {lost, kept}
    assert (retained.resources, retained.retains) == ((), True)


def test_a_loop_and_a_nested_stack_may_hold_data() -> None:
    template = """
    Resources:
      Fn::ForEach::Tables: [Name, [A, B], {"Table${Name}": {Type: AWS::DynamoDB::Table, DeletionPolicy: Snapshot}}]
      Inner: {Type: AWS::CloudFormation::Stack}
      Topic: {Type: AWS::SNS::Topic}
    """
    assert held_resources(template) == (
        DeletedResource("Table${Name}", "AWS::DynamoDB::Table", "", "Snapshot"),
        DeletedResource("Inner", "AWS::CloudFormation::Stack", ""),
    )


@pytest.mark.parametrize("template", ["[]", "Resources:", "Resources: []", "{}", "Resources: {A: 1, B: []}"])
def test_a_template_without_resources_holds_nothing(template: str) -> None:
    assert held_resources(template) == ()


def test_resources_of_an_invalid_template_are_unknown() -> None:
    assert isinstance(held_resources("Resources: {"), Unknown)


def test_stacks_may_be_kept(project: FleetProject, golden: Golden) -> None:
    project.deploy()

    ui = FakeUI()
    assert destroyed(project, ui, retain=True).is_gone
    golden(ui.questions)
    assert len(project.reserved()) == 4


def test_a_declined_destroy_deletes_nothing(project: FleetProject) -> None:
    project.deploy()

    result = destroyed(project, FakeUI(answer=False))

    assert (result.confirmed, result.is_gone) == (False, False)
    assert len(project.reserved()) == 4


def test_instances_of_others_keep_the_set(project: FleetProject) -> None:
    project.deploy()
    other, *own = project.fleet.accounts
    project.section = {"accounts": own}

    result = destroyed(project)

    assert (result.is_gone, result.beside) == (False, ((other, REGION),))
    assert (list(project.reserved()), sets(project)) == ([other], [SET])


def test_an_instance_that_cannot_be_deleted_keeps_the_set(project: FleetProject) -> None:
    project.section = {"failure_tolerance": 4}
    project.deploy()
    stuck = project.fleet.accounts[1]
    project.fleet.rules(fail={f"{stuck}/{REGION}": Failure("boom", times=1)})

    result = destroyed(project)

    assert (list(result.failed), result.is_gone) == ([(stuck, REGION)], False)
    assert project.fleet.instances(name=SET) == {f"{stuck}/{REGION}": "INOPERABLE"}
    assert destroyed(project).is_gone


def test_a_protected_environment_is_refused(project: FleetProject, golden: Golden) -> None:
    project.deploy()
    project.settings = {"protected": True, "env": "prod"}

    with pytest.raises(UsageError) as failure:
        destroyed(project)

    golden(failure.value)
    assert len(project.reserved()) == 4


def test_a_set_of_another_user_is_refused_unless_it_is_adopted(project: FleetProject, golden: Golden) -> None:
    project.fleet.create_set(reserving(), SET)

    with pytest.raises(UsageError) as failure:
        destroyed(project)

    golden(failure.value)
    assert destroyed(project, adopts=True).is_gone


class Killed(BaseException):
    """Ends the run as a kill does."""


def test_a_run_that_is_killed_is_continued_by_the_next(project: FleetProject) -> None:
    project.deploy()
    project.fleet.rules(cell_seconds=0.02)

    def die(_: object) -> None:
        raise Killed

    with pytest.raises(Killed):
        destroyed(project, FakeUI(on_progress=die))

    assert destroyed(project).is_gone
    assert project.reserved() == {}


def test_an_operation_of_another_user_is_waited_for_by_nobody(project: FleetProject) -> None:
    project.deploy()
    project.fleet.rules(cell_seconds=0.3)
    foreign = project.fleet.begin("update_stack_instances", name=SET)

    with pytest.raises(BusyError, match=foreign):
        destroyed(project)

    project.fleet.wait(foreign, name=SET)
