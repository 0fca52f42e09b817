"""The resources that a destroy deletes."""

import json

from tapctl.report import destroy
from tapctl.report.render import RenderOptions
from tapctl.workflows.destroy import DeletedResource, Deletion, Destroyed
from tests.support.golden import Golden


def test_each_resource_is_one_line(golden: Golden) -> None:
    arn = f"arn:aws:lambda:us-east-1:{'x' * 60}"
    deleted = DeletedResource("WebhookFunctionUrlPermission", "AWS::Lambda::Permission", arn)
    retained = DeletedResource("Table", "AWS::DynamoDB::Table", "table-1", "Retain")

    golden(destroy.deletion(Deletion("shop", "id", (deleted, retained), "bucket"), RenderOptions(100, color=False)))


def test_one_resource_is_no_plural() -> None:
    only = DeletedResource("Table", "AWS::DynamoDB::Table", "table-1")

    printed = destroy.deletion(Deletion("shop", "id", (only,), ""), RenderOptions(100, color=False))

    assert printed.startswith("stack shop, 1 resource\n")


def test_only_what_was_uploaded_is_said_to_be_kept(golden: Golden) -> None:
    retained = DeletedResource("Table", "AWS::DynamoDB::Table", "table-1", "Retain")
    ends = [
        Destroyed(Deletion("shop", "id", (), ""), done=True),
        Destroyed(Deletion("shop", "id", (retained,), "artifacts"), done=True, left=("Queue",)),
    ]

    golden([destroy.as_text("shop", end) for end in ends])
    assert [json.loads(destroy.as_json("shop", end))["artifacts"] for end in ends] == [None, "artifacts"]
