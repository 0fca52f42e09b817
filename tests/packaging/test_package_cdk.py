"""Assets of the CDK that a template names by their address only: published where the manifest says, or refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tapctl.aws.session import Aws
from tapctl.errors import UsageError
from tapctl.packaging.bucket import ArtifactStore
from tapctl.packaging.package import PackagedTemplate, Publication
from tapctl.template.load import load
from tests.support.golden import Golden
from tests.support.packaged import data, entries, packaged
from tests.support.shared_sandbox import account_id
from tests.support.stubbed_stacks import stubbed

pytestmark = pytest.mark.xdist_group("deploy artifacts")

BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
REPOSITORY = "cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}"


def destination(**place: str) -> dict[str, Any]:
    return {"current_account-current_region": {"assumeRoleArn": "arn:${AWS::Partition}:iam::1:role/r", **place}}


def file_asset(key: str, source: dict[str, Any]) -> dict[str, Any]:
    return {
        "displayName": f"Site/{key}",
        "source": source,
        "destinations": destination(bucketName=BUCKET, objectKey=key),
    }


IMAGE = {
    "displayName": "Worker/Image",
    "source": {"directory": "asset.img"},
    "destinations": destination(repositoryName=REPOSITORY, imageTag="1mg"),
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """An assembly whose stack deploys a website, by its object's key, and calls a template by its URL."""
    site = {"Fn::Sub": f"s3://{BUCKET}/51te.zip"}
    nested = {"Fn::Sub": f"https://s3.${{AWS::Region}}.amazonaws.com/{BUCKET}/ne57ed.json"}
    resources = {
        "Site": {"Type": "Custom::CDKBucketDeployment", "Properties": {"ServiceToken": "arn:x", "Source": site}},
        "Set": {"Type": "AWS::CloudFormation::StackSet", "Properties": {"TemplateURL": nested}},
    }
    write(tmp_path, "A.template.json", {"Resources": resources})
    stack = {
        "type": "aws:cloudformation:stack",
        "properties": {"templateFile": "A.template.json"},
        "dependencies": ["A.assets"],
    }
    listed = {"type": "cdk:asset-manifest", "properties": {"file": "A.assets.json"}}
    write(tmp_path, "manifest.json", {"version": "38.0.0", "artifacts": {"A": stack, "A.assets": listed}})
    (tmp_path / "asset.51te").mkdir()
    (tmp_path / "asset.51te" / "index.html").write_text("hello")
    (tmp_path / "nested.json").write_text("{}")
    files = {
        "t": file_asset("7emp1a7e.json", {"path": "A.template.json", "packaging": "file"}),
        "51te": file_asset("51te.zip", {"path": "asset.51te", "packaging": "zip"}),
        "ne57ed": file_asset("ne57ed.json", {"path": "nested.json", "packaging": "file"}),
    }
    write(tmp_path, "A.assets.json", {"version": "38.0.0", "files": files, "dockerImages": {}})
    return tmp_path


def write(folder: Path, name: str, content: object) -> None:
    (folder / name).write_text(json.dumps(content))


def change(app: Path, section: str, id_: str, entry: dict[str, Any], key: str = "51te.zip") -> None:
    """Add an asset to the list, and let the template name it by its key."""
    listed = json.loads((app / "A.assets.json").read_text())
    listed[section][id_] = entry
    write(app, "A.assets.json", listed)
    template = json.loads((app / "A.template.json").read_text())
    template["Resources"]["Site"]["Properties"]["Other"] = key
    write(app, "A.template.json", template)


def package(app: Path) -> PackagedTemplate:
    return packaged(load(str(app / "A.template.json")))


def test_assets_in_the_template_go_to_the_bucket_of_the_manifest(app: Path) -> None:
    nested, site = sorted(package(app).artifacts, key=lambda artifact: artifact.key, reverse=True)

    bucket = "cdk-hnb659fds-assets-123456789012-us-east-1"
    assert (site.bucket, site.key, site.early) == (bucket, "51te.zip", False)
    assert (nested.bucket, nested.key, nested.early) == (bucket, "ne57ed.json", True)
    assert entries(data(site)) == {"index.html": ("hello", 0o644)}
    assert data(nested) == b"{}"


def test_an_asset_that_is_gone_was_published_before(app: Path) -> None:
    (app / "nested.json").unlink()
    assert [artifact.key for artifact in package(app).artifacts] == ["51te.zip"]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param({"executable": ["sh", "-c", "true"], "packaging": "zip"}, id="a command"),
        pytest.param({"path": "/etc/hostname", "packaging": "file"}, id="out of the project"),
    ],
)
def test_an_asset_that_is_not_of_the_assembly_is_refused(source: dict[str, Any], app: Path, golden: Golden) -> None:
    change(app, "files", "x", file_asset("x.zip", source), "x.zip")
    with pytest.raises(UsageError) as raised:
        package(app)
    golden(raised.value)


@pytest.mark.parametrize("text", ["[]", "{", '{"files": {"x": {"source": {}}}}'])
def test_a_list_that_is_none_is_refused(text: str, app: Path, golden: Golden) -> None:
    (app / "A.assets.json").write_text(text)
    with pytest.raises(UsageError) as raised:
        package(app)
    golden(raised.value)


def publication(aws: Aws, made: PackagedTemplate, steps: list[str]) -> Publication:
    return Publication(made, ArtifactStore(aws, known_account="123456789012"), steps.append)


def image(app: Path) -> PackagedTemplate:
    change(app, "dockerImages", "1mg", IMAGE, "1mg")
    made = package(app)
    return PackagedTemplate(made.text, made.body, (), images=made.images)


def test_an_image_that_was_not_published_is_refused(app: Path, golden: Golden) -> None:
    with stubbed("ecr") as (aws, stubs):
        stubs["ecr"].add_client_error("describe_images", "ImageNotFoundException")
        with pytest.raises(UsageError) as raised, publication(aws, image(app), []).uploading():
            pytest.fail("nothing may be created")
    golden(raised.value)


@pytest.mark.parametrize("denied", [False, True])
def test_an_image_that_was_published_or_cannot_be_seen_is_deployed(denied: bool, app: Path) -> None:
    steps: list[str] = []
    with stubbed("ecr") as (aws, stubs):
        if denied:
            stubs["ecr"].add_client_error("describe_images", "AccessDeniedException")
        else:
            repository = "cdk-hnb659fds-container-assets-123456789012-us-east-1"
            asked = {"repositoryName": repository, "imageIds": [{"imageTag": "1mg"}]}
            stubs["ecr"].add_response("describe_images", {"imageDetails": []}, asked)
        with publication(aws, image(app), steps).uploading():
            pass
    assert [step.startswith("warning: whether image Worker/Image") for step in steps] == [True] * denied


def test_an_image_that_the_template_does_not_name_is_not_asked_for(app: Path) -> None:
    change(app, "dockerImages", "1mg", IMAGE, "other")
    assert package(app).images == ()


def test_a_bucket_that_does_not_exist_is_bootstrapped_first(app: Path, golden: Golden) -> None:
    with stubbed("s3") as (aws, stubs):
        stubs["s3"].add_client_error("head_bucket", "404")
        with pytest.raises(UsageError) as raised, publication(aws, package(app), []).uploading():
            pytest.fail("nothing may be created")
    golden(raised.value)


def test_an_object_is_uploaded_once(aws: Aws, app: Path, golden: Golden) -> None:
    store, s3 = ArtifactStore(aws, known_account=account_id()), aws.client("s3")
    bucket = f"cdk-hnb659fds-assets-{account_id()}-us-east-1"
    s3.create_bucket(Bucket=bucket)
    made = package(app)
    made = replace(made, artifacts=tuple(replace(artifact, bucket=bucket) for artifact in made.artifacts))
    steps: list[str] = []
    for _ in range(2):
        with Publication(made, store, steps.append).uploading():
            pass
    assert {item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"]} == {"51te.zip", "ne57ed.json"}
    golden(steps)


def test_a_template_that_the_cdk_did_not_write_has_none(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}')
    made = packaged(load(str(tmp_path / "t.json")))
    assert (made.artifacts, made.images) == ((), ())
