from tapctl.deploy.destroy import Doomed, Fate
from tapctl.report import destruction
from tapctl.report.surface import Surface


def test_names_of_resources_and_of_types_are_not_broken() -> None:
    doomed = Doomed("WebhookFunctionUrlPermission", "AWS::Lambda::Permission", "arn:aws:lambda:us-east-1:" + "x" * 60)

    text = destruction.fate(Fate("shop", "id", (doomed,), "bucket"), Surface(100, color=False))

    assert "WebhookFunctionUrlPermission  AWS::Lambda::Permission  arn:aws:" in text
