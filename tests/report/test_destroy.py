from tapctl.report import destroy
from tapctl.report.render import RenderOptions
from tapctl.workflows.destroy import DeletedResource, Deletion


def test_a_resource_is_one_line_whose_names_are_not_broken() -> None:
    arn = f"arn:aws:lambda:us-east-1:{'x' * 60}"
    doomed = DeletedResource("WebhookFunctionUrlPermission", "AWS::Lambda::Permission", arn)
    kept = DeletedResource("Table", "AWS::DynamoDB::Table", "table-1", "Retain")

    text = destroy.deletion(Deletion("shop", "id", (doomed, kept), "bucket"), RenderOptions(100, color=False))

    assert text.splitlines() == [
        "stack shop, 2 resources",
        f"- WebhookFunctionUrlPermission  AWS::Lambda::Permission  deleted  {arn}",
        "= Table                         AWS::DynamoDB::Table     retained (DeletionPolicy Retain)  table-1",
    ]
