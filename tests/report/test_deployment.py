import pytest

from tapctl.deploy.change_set import Change, ChangeSet
from tapctl.deploy.events import Event
from tapctl.deploy.run import Outcome
from tapctl.report import deployment
from tapctl.report.surface import Surface

PLAIN, COLOURED = Surface(100, color=False), Surface(100, color=True)
STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/shop/1"


def changed(*changes: Change) -> str:
    return deployment.changes(ChangeSet("set", STACK_ID, changes), PLAIN)


def test_every_change_is_a_line_and_what_destroys_says_so_in_words() -> None:
    text = changed(
        Change("Add", "Table", "AWS::DynamoDB::Table", ""),
        Change("Modify", "Role", "AWS::IAM::Role", "False"),
        Change("Modify", "Queue", "AWS::SQS::Queue", "True"),
        Change("Modify", "Topic", "AWS::SNS::Topic", "Conditional"),
        Change("Remove", "Key", "AWS::KMS::Key", ""),
        Change("Import", "Bucket", "AWS::S3::Bucket", ""),
    )

    assert [" ".join(line.split()) for line in text.splitlines()] == [
        "changes to stack shop",
        "+ Table AWS::DynamoDB::Table new",
        "~ Role AWS::IAM::Role changed in place",
        "~ Queue AWS::SQS::Queue replaced: what it holds is lost",
        "~ Topic AWS::SNS::Topic may be replaced",
        "- Key AWS::KMS::Key removed",
        "< Bucket AWS::S3::Bucket import",
    ]


@pytest.mark.parametrize("action", ["SyncWithActual", "Dynamic", "Teleport"])
def test_an_action_that_aws_adds_later_is_shown_by_its_name(action: str) -> None:
    line = changed(Change(action, "Queue", "AWS::SQS::Queue", "")).splitlines()[1]

    assert line.startswith("?")
    assert line.endswith(action.lower())


def test_a_set_without_changes_to_resources_still_names_its_stack() -> None:
    assert changed() == "changes to stack shop"


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        pytest.param("", "12:00:05  CREATE_COMPLETE              Queue", id="without a reason"),
        pytest.param("because", "12:00:05  CREATE_COMPLETE              Queue  because", id="with a reason"),
    ],
)
def test_an_event_is_one_line(reason: str, line: str) -> None:
    event = Event("1", "2026-11-23 12:00:05.123+00:00", "Queue", "AWS::SQS::Queue", "CREATE_COMPLETE", reason, "q")

    assert deployment.event_line(event) == line


@pytest.mark.parametrize(
    ("changed_it", "said"),
    [
        pytest.param(True, "stack shop is UPDATE_COMPLETE", id="changed"),
        pytest.param(False, "stack shop is up to date: nothing to change", id="unchanged"),
    ],
)
def test_the_outcome_is_said_in_one_sentence(changed_it: bool, said: str) -> None:
    outcome = Outcome("shop", STACK_ID, "UPDATE_COMPLETE", changed_it, {"Url": "https://shop.example"})

    text = deployment.outputs(outcome, PLAIN)

    assert text.splitlines()[0] == said
    assert text.splitlines()[-1].split() == ["Url", "https://shop.example"]


def test_a_stack_without_outputs_gets_no_empty_table() -> None:
    outcome = Outcome("shop", STACK_ID, "CREATE_COMPLETE", changed=True)

    assert deployment.outputs(outcome, PLAIN) == "stack shop is CREATE_COMPLETE\n"


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(
            "arn:aws:secretsmanager:us-east-1:123456789012:secret:shop",
            id="what rich takes for the emoji of a secret",
        ),
        pytest.param("[/foo]", id="what rich takes for the end of a style"),
        pytest.param("a [red] b", id="what rich takes for a style"),
    ],
)
def test_an_output_is_shown_as_it_is(value: str) -> None:
    outcome = Outcome("shop", STACK_ID, "CREATE_COMPLETE", changed=True, outputs={"It": value})

    assert value in deployment.outputs(outcome, PLAIN)


def test_a_long_output_is_broken_and_not_cut() -> None:
    outcome = Outcome("shop", STACK_ID, "CREATE_COMPLETE", changed=True, outputs={"It": "x" * 500})

    assert deployment.outputs(outcome, PLAIN).count("x") == 500


def test_colour_comes_only_where_it_is_wanted() -> None:
    found = ChangeSet("set", STACK_ID, (Change("Remove", "Key", "AWS::KMS::Key", ""),))

    assert "\x1b[" in deployment.changes(found, COLOURED)
    assert "\x1b[" not in deployment.changes(found, PLAIN)
