"""When each artifact is uploaded, and the state of the bucket after a failure."""

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
from tapctl.packaging.package import MAX_BODY, Artifact, PackagedTemplate, Publication
from tapctl.settings.settings import Settings
from tapctl.stacks.change_set_request import ChangeSetRequest
from tapctl.workflows.create_change_set import send
from tapctl.workflows.deployer import Deployer, DeployRequest
from tests.support.fake_ui import FakeUI
from tests.support.golden import Golden
from tests.support.packaged import packaged, template
from tests.support.shared_sandbox import account_id
from tests.support.stubbed_stacks import stubbed, unreachable_aws

pytestmark = pytest.mark.xdist_group("deploy publish")

TEMPLATE = Artifact("TemplateURL of Child", text_content("nested", ".template"), early=True)
CODE = Artifact("code of Fn", text_content("code", ".zip"))


@dataclass
class Steps:
    """The lines of progress."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, text: str) -> None:
        self.lines.append(text)


def publication(
    aws: Aws, *artifacts: Artifact, text: str = "{}", step: Callable[[str], None] | None = None
) -> Publication:
    store = ArtifactStore(aws, known_account=account_id())
    return Publication(PackagedTemplate(text, {}, artifacts), store, step or Steps())


def keys(aws: Aws) -> set[str]:
    response = aws.client("s3").list_objects_v2(Bucket=f"tapctl-artifacts-{account_id()}-us-east-1")
    return {item["Key"] for item in response.get("Contents", [])}


def test_a_nested_template_is_uploaded_before_the_block_and_code_during_it(aws: Aws, golden: Golden) -> None:
    steps = Steps()
    go = Event()

    def slowly(file: BinaryIO) -> str:
        go.wait(10)
        return CODE.content.write(file)

    late = Artifact("code of Fn", Content(CODE.content.digest, ".zip", slowly))
    with publication(aws, late, TEMPLATE, step=steps).uploading():
        assert keys(aws) == {TEMPLATE.key}
        go.set()

    assert keys(aws) == {TEMPLATE.key, CODE.key}
    golden(steps.lines)


def test_an_artifact_that_the_bucket_has_is_not_packed(aws: Aws, golden: Golden) -> None:
    with publication(aws, CODE).uploading():
        pass
    steps = Steps()

    def never(file: BinaryIO) -> str:
        raise AssertionError

    with publication(aws, Artifact(CODE.label, Content(CODE.content.digest, ".zip", never)), step=steps).uploading():
        pass

    golden(steps.lines)


def test_a_large_file_is_uploaded_in_parts(aws: Aws) -> None:
    large = text_content("0123456789abcdef" * 1_100_000, ".zip")

    with publication(aws, Artifact("code of Fn", large)).uploading():
        pass

    s3 = aws.client("s3")
    response = s3.get_object(Bucket=f"tapctl-artifacts-{account_id()}-us-east-1", Key=f"{large.digest}.zip")
    assert response["Body"].read() == b"0123456789abcdef" * 1_100_000


def test_a_long_template_is_uploaded_before_the_block(aws: Aws) -> None:
    long = publication(aws, text="x" * (MAX_BODY + 1))

    with long.uploading():
        assert long.request["TemplateURL"].rpartition("/")[2] in keys(aws)


def test_a_template_without_local_paths_needs_no_bucket() -> None:
    short = publication(unreachable_aws(), text="x" * MAX_BODY)

    with short.uploading():
        assert short.request == {"TemplateBody": "x" * MAX_BODY}


def test_a_file_that_changes_while_packaging_is_not_uploaded(aws: Aws, function_folder: Path, golden: Golden) -> None:
    (changed,) = packaged(template(function_folder.parent)).artifacts
    (function_folder / "index.py").write_text("def handle(event, context): return 2\n")

    with (
        pytest.raises(UsageError) as raised,
        publication(aws, changed).uploading(),
    ):
        pass

    assert changed.key not in keys(aws)
    golden(raised.value)


def test_a_file_that_is_removed_while_packaging_is_not_uploaded(aws: Aws, function_folder: Path) -> None:
    (gone,) = packaged(template(function_folder.parent)).artifacts
    (function_folder / "index.py").unlink()

    with pytest.raises(UsageError, match="code of Fn"), publication(aws, gone).uploading():
        pass


def test_a_full_disk_is_reported(aws: Aws, golden: Golden) -> None:
    def full(file: BinaryIO) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    artifact = Artifact("code of Fn", Content("0" * 64, ".zip", full))
    with (
        pytest.raises(TapctlError) as raised,
        publication(aws, artifact).uploading(),
    ):
        pass

    golden(raised.value)


def test_an_exception_in_the_block_is_raised(aws: Aws) -> None:
    with pytest.raises(KeyError), publication(aws, CODE).uploading():
        raise KeyError


def test_nothing_is_uploaded_to_a_bucket_of_another_account() -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("head_bucket", "403", "Forbidden", 403)

        with pytest.raises(UsageError, match="tapctl-artifacts-"), publication(aws, CODE).uploading():
            pytest.fail("the block was entered")


def test_a_failed_upload_leaves_no_change_set(aws: Aws, tmp_path: Path) -> None:
    def broken(file: BinaryIO) -> str:
        file.write(b"half")
        return "another digest"

    failing = Artifact("code of Fn", Content("0" * 64, ".zip", broken))
    body = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'
    settings = Settings("t.json", stack_name="unfinished")
    deployer = Deployer(DeployRequest(aws, template(tmp_path), settings), FakeUI())
    request = ChangeSetRequest("unfinished", True, {"TemplateBody": body})

    with pytest.raises(UsageError, match="code of Fn"):
        send(deployer, request, publication(aws, failing, text=body))

    stacks = aws.client("cloudformation").list_stacks()["StackSummaries"]
    assert "unfinished" not in {stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"}
    assert failing.key not in keys(aws)
