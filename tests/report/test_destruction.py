from tapctl.deploy.destroy import Doomed, Fate
from tapctl.report import destruction
from tapctl.report.surface import Surface


def test_a_resource_is_one_line_whose_names_are_not_broken() -> None:
    arn = f"arn:aws:lambda:us-east-1:{'x' * 60}"
    doomed = Doomed("WebhookFunctionUrlPermission", "AWS::Lambda::Permission", arn)
    kept = Doomed("Table", "AWS::DynamoDB::Table", "table-1", "Retain")

    text = destruction.fate(Fate("shop", "id", (doomed, kept), "bucket"), Surface(100, color=False))

    assert text.splitlines() == [
        "stack shop, 2 resources",
        f"- WebhookFunctionUrlPermission  AWS::Lambda::Permission  deleted  {arn}",
        "= Table                         AWS::DynamoDB::Table     stays: DeletionPolicy Retain  table-1",
    ]
