"""A nested stack, an included snippet and code with dependencies, packaged together and deployed to the sandbox."""

import json
from pathlib import Path

import pytest

from tapctl.aws.session import Aws
from tests.packaging.test_dependencies import wheel
from tests.support.workspace import Workspace, function

pytestmark = pytest.mark.xdist_group("deploy packaged stack")


def test_the_packaged_code_runs(
    aws: Aws, tmp_path: Path, function_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPCTL_STATE_DIR", str(tmp_path / "state"))
    wheel(tmp_path / "wheels", "first")
    (function_folder / "requirements.txt").write_text(f"--no-index\n--find-links {tmp_path / 'wheels'}\nfirst\n")
    (function_folder / "index.py").write_text("import first\ndef handle(event, context): return first.built_for\n")
    child = {"Resources": {"Fn": function(Code="code", FunctionName="packaged")}}
    (tmp_path / "child.json").write_text(json.dumps(child))
    (tmp_path / "name.json").write_text('{"QueueName": "from-a-snippet"}')
    snippet = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "name.json"}}}
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "child.json"}}
    workspace = Workspace(aws, tmp_path)

    outcome = workspace.deploy(
        "whole", {"Resources": {"Child": nested, "Queue": {"Type": "AWS::SQS::Queue", "Properties": snippet}}}
    )

    assert outcome is not None
    assert outcome.status == "CREATE_COMPLETE"
    response = aws.client("lambda").invoke(FunctionName="packaged")["Payload"].read()
    assert json.loads(response) == "py3-none-any"
    assert aws.client("sqs").get_queue_url(QueueName="from-a-snippet")
    uploaded = [step.partition(":")[0] for step in workspace.ui.steps if step.endswith("uploaded")]
    assert uploaded == ["TemplateURL of Child", "Location of AWS", "code of Fn"]
