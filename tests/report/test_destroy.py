"""The resources that a destroy deletes."""

from tapctl.report import destroy
from tapctl.report.render import RenderOptions
from tapctl.workflows.destroy import DeletedResource, Deletion
from tests.support.golden import Golden


def test_each_resource_is_one_line(golden: Golden) -> None:
    arn = f"arn:aws:lambda:us-east-1:{'x' * 60}"
    deleted = DeletedResource("WebhookFunctionUrlPermission", "AWS::Lambda::Permission", arn)
    retained = DeletedResource("Table", "AWS::DynamoDB::Table", "table-1", "Retain")

    golden(destroy.deletion(Deletion("shop", "id", (deleted, retained), "bucket"), RenderOptions(100, color=False)))
