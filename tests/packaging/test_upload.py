"""What goes into the bucket and when, and what a failure on the way leaves behind."""

import errno
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import BinaryIO

import pytest

from tapctl.aws.session import Aws
from tapctl.errors import TapctlError, UsageError
from tapctl.packaging.bucket import ArtifactStore
from tapctl.packaging.content import Content, text_content
from tapctl.packaging.package import Artifact, Package
from tapctl.packaging.upload import MAX_BODY, Publication
from tapctl.settings.settings import Settings
from tapctl.stacks.change_set_request import ChangeSetRequest
from tapctl.workflows.create_change_set import send
from tapctl.workflows.deployer import Deployer, DeployRequest
from tests.support.fake_ui import FakeUI
from tests.support.packaged import packaged, template
from tests.support.stubbed_stacks import stubbed, unreachable_aws

pytestmark = pytest.mark.xdist_group("deploy publish")

TEMPLATE = Artifact("TemplateURL of Child", text_content("nested", ".template"), early=True)
CODE = Artifact("code of Fn", text_content("code", ".zip"))


@dataclass
class Steps:
    """What was said, in order."""

    said: list[str] = field(default_factory=list)

    def __call__(self, text: str) -> None:
        self.said.append(text)


def publication(
    aws: Aws, *artifacts: Artifact, text: str = "{}", say: Callable[[str], None] | None = None
) -> Publication:
    store = ArtifactStore(aws, known_account="000000000000")
    return Publication(Package(text, artifacts), store, say or Steps())


def keys(aws: Aws) -> set[str]:
    found = aws.client("s3").list_objects_v2(Bucket="tapctl-artifacts-000000000000-us-east-1")
    return {each["Key"] for each in found.get("Contents", [])}


def test_a_nested_template_is_there_before_the_block_and_code_after_it(aws: Aws) -> None:
    steps = Steps()
    go = Event()

    def slowly(file: BinaryIO) -> str:
        go.wait(10)
        return CODE.content.write(file)

    late = Artifact("code of Fn", Content(CODE.content.digest, ".zip", slowly))
    with publication(aws, late, TEMPLATE, say=steps).uploading():
        assert keys(aws) == {TEMPLATE.key}
        go.set()

    assert keys(aws) == {TEMPLATE.key, CODE.key}
    assert steps.said == [
        "made the artifact bucket tapctl-artifacts-000000000000-us-east-1",
        "TemplateURL of Child: 6 bytes, uploaded",
        "code of Fn: 4 bytes, uploaded",
    ]


def test_what_is_there_already_is_not_even_made(aws: Aws) -> None:
    with publication(aws, CODE).uploading():
        pass
    steps = Steps()

    def never(file: BinaryIO) -> str:
        raise AssertionError

    with publication(aws, Artifact(CODE.label, Content(CODE.content.digest, ".zip", never)), say=steps).uploading():
        pass

    assert steps.said == ["code of Fn: there already"]


def test_a_large_file_goes_in_parts_and_arrives_whole(aws: Aws) -> None:
    large = text_content("0123456789abcdef" * 1_100_000, ".zip")

    with publication(aws, Artifact("code of Fn", large)).uploading():
        pass

    s3 = aws.client("s3")
    found = s3.get_object(Bucket="tapctl-artifacts-000000000000-us-east-1", Key=f"{large.digest}.zip")
    assert found["Body"].read() == b"0123456789abcdef" * 1_100_000


def test_a_long_template_goes_through_the_bucket_before_the_block(aws: Aws) -> None:
    long = publication(aws, text="x" * (MAX_BODY + 1))

    with long.uploading():
        assert long.request["TemplateURL"].rpartition("/")[2] in keys(aws)


def test_a_template_with_nothing_local_needs_no_bucket() -> None:
    short = publication(unreachable_aws(), text="x" * MAX_BODY)

    with short.uploading():
        assert short.request == {"TemplateBody": "x" * MAX_BODY}


def test_a_file_that_changes_meanwhile_is_not_uploaded(aws: Aws, function_folder: Path) -> None:
    (changed,) = packaged(template(function_folder.parent)).artifacts
    (function_folder / "index.py").write_text("def handle(event, context): return 2\n")

    with (
        pytest.raises(UsageError, match="code of Fn changed while it was being packaged") as raised,
        publication(aws, changed).uploading(),
    ):
        pass

    assert raised.value.hint == "run it again"
    assert changed.key not in keys(aws)


def test_a_file_that_is_gone_meanwhile_is_not_uploaded_either(aws: Aws, function_folder: Path) -> None:
    (gone,) = packaged(template(function_folder.parent)).artifacts
    (function_folder / "index.py").unlink()

    with pytest.raises(UsageError, match="code of Fn changed while"), publication(aws, gone).uploading():
        pass


def test_a_full_disk_is_called_one(aws: Aws) -> None:
    def full(file: BinaryIO) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    artifact = Artifact("code of Fn", Content("0" * 64, ".zip", full))
    with (
        pytest.raises(TapctlError, match="cannot write a temporary file: No space left") as raised,
        publication(aws, artifact).uploading(),
    ):
        pass

    assert raised.value.hint == "free some space, or set TMPDIR"


def test_what_fails_within_the_block_is_what_is_raised(aws: Aws) -> None:
    with pytest.raises(KeyError), publication(aws, CODE).uploading():
        raise KeyError


def test_a_bucket_of_somebody_else_gets_nothing() -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("head_bucket", "403", "Forbidden", 403)

        with pytest.raises(UsageError, match="belongs to another account"), publication(aws, CODE).uploading():
            pytest.fail("the block was entered")


def test_a_change_set_does_not_outlive_the_upload_that_failed(aws: Aws, tmp_path: Path) -> None:
    def broken(file: BinaryIO) -> str:
        file.write(b"half")
        return "another digest"

    failing = Artifact("code of Fn", Content("0" * 64, ".zip", broken))
    body = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'
    settings = Settings("t.json", stack_name="unfinished")
    deployer = Deployer(DeployRequest(aws, template(tmp_path), settings), FakeUI())

    request = ChangeSetRequest("unfinished", True, {"TemplateBody": body})

    with pytest.raises(UsageError, match="code of Fn changed while"):
        send(deployer, request, publication(aws, failing, text=body))

    stacks = aws.client("cloudformation").list_stacks()["StackSummaries"]
    assert "unfinished" not in {each["StackName"] for each in stacks if each["StackStatus"] != "DELETE_COMPLETE"}
    assert failing.key not in keys(aws)
