"""The session, its Region and its clients."""

import os
from pathlib import Path

import pytest

from tapctl.aws.errors import aws_call
from tapctl.aws.session import CONNECTIONS, Aws, Connection, Partition, partition
from tapctl.errors import AwsError, UnreadableAnswer, UsageError
from tapctl.hints import advise
from tapctl.hints.judgement import JudgementAdvice
from tests.support.fake_aws_server import IDENTITY, answering, refusal
from tests.support.golden import Golden
from tests.support.queued_answers import offline_aws, stubbed
from tests.support.servers import resetting_server
from tests.support.shared_sandbox import account_id

pytestmark = pytest.mark.xdist_group("deploy aws")


def test_the_sandbox_ignores_the_environment_and_the_aws_files(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text("no configuration at all\n")
    monkeypatch.setenv("AWS_PROFILE", "gone")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    sandbox = Aws(aws.target)

    assert sandbox.region == "us-east-1"
    assert sandbox.client("sts").get_caller_identity()["Account"] == account_id()
    assert sandbox.client("s3").list_buckets()["Buckets"] is not None


@pytest.mark.parametrize(
    ("target", "environment", "region"),
    [
        pytest.param("ca-central-1", {"AWS_REGION": "eu-west-1"}, "ca-central-1", id="the setting comes first"),
        pytest.param(
            None, {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "sa-east-1"}, "eu-west-1", id="then AWS_REGION"
        ),
        pytest.param(None, {"AWS_DEFAULT_REGION": "sa-east-1"}, "sa-east-1", id="then AWS_DEFAULT_REGION"),
        pytest.param(None, {"AWS_REGION": "", "AWS_PROFILE": "me"}, "eu-north-1", id="then the profile"),
    ],
)
def test_the_region_is_resolved_as_by_the_aws_cli(
    target: str | None, environment: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text("[profile me]\nregion = eu-north-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert Aws(Connection(target)).region == region


def test_an_invalid_endpoint_is_a_usage_error(monkeypatch: pytest.MonkeyPatch, golden: Golden) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")

    with pytest.raises(UsageError) as raised:
        Aws(Connection("us-east-1")).client("sts")
    assert "nonsense" in raised.value.message
    golden(raised.value)


@pytest.mark.parametrize(
    ("environments", "hint"),
    [
        ((), advise(JudgementAdvice.SET_REGION)),
        (("staging", "prod"), advise(JudgementAdvice.SET_REGION_OR_ENVIRONMENT, "staging, prod")),
    ],
)
def test_without_a_region_the_hint_names_the_environments(environments: tuple[str, ...], hint: object) -> None:
    with pytest.raises(UsageError) as raised:
        _ = Aws(Connection(environments=environments)).region
    assert raised.value.hint == hint


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses of botocore between two attempts, which are over at once."""
    found: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", found.append)
    return found


def connected(url: str) -> Aws:
    return Aws(Connection("eu-west-1", endpoint=url, keys=("key", "secret")))


def test_reset_connections_are_tried_again_less_and_less(waits: list[float]) -> None:
    with resetting_server() as (url, received):
        aws = connected(url)
        counts = []
        for service, operation in (("lambda", "GetAccountSettings"), ("sts", "GetCallerIdentity")) * 3:
            before = len(received)
            with pytest.raises(UnreadableAnswer), aws_call("x"):
                aws.call(service, operation)
            counts.append(len(received) - before)

    assert counts == [4, 3, 2, 1, 1, 1]
    assert sum(waits) <= 1 + 2 + 4 + 1 + 2 + 1


def test_an_answer_ends_the_silence(waits: list[float]) -> None:
    with resetting_server() as (url, received), answering(200, IDENTITY) as working:
        aws = connected(url)
        with pytest.raises(UnreadableAnswer), aws_call("x"):
            aws.client("lambda").get_account_settings()
        aws.client("sts").meta.events.register(
            "before-send", lambda request, **_: setattr(request, "url", request.url.replace(url, working))
        )
        assert aws.client("sts").get_caller_identity()["Account"] == "222222222222"
        before = len(received)
        with pytest.raises(UnreadableAnswer), aws_call("x"):
            aws.client("lambda").get_account_settings()

    assert len(received) - before == CONNECTIONS


def test_a_throttled_request_is_sent_as_often_as_before(waits: list[float]) -> None:
    with answering(400, refusal("Throttling", "Rate exceeded")) as url:
        aws = connected(url)
        attempts = list[int]()
        aws.client("sts").meta.events.register(
            "needs-retry", lambda attempts, seen=attempts, **_: seen.append(attempts)
        )
        with pytest.raises(AwsError), aws_call("x"):
            aws.client("sts").get_caller_identity()

    assert attempts == list(range(1, aws.attempts + 1))


def test_another_region_is_tried_as_often_as_the_first(waits: list[float]) -> None:
    with resetting_server() as (url, received):
        aws = connected(url)
        for region in ("eu-west-1", "us-east-1"):
            before = len(received)
            with pytest.raises(UnreadableAnswer), aws_call("x"):
                aws.client("lambda", region).get_account_settings()
            assert len(received) - before == CONNECTIONS


def test_each_client_is_created_once(aws: Aws) -> None:
    assert aws.client("sts") is aws.client("sts")
    assert aws.client("sts", "eu-west-1") is not aws.client("sts")


def test_an_operation_is_called_by_its_api_name() -> None:
    with stubbed("lambda") as (aws, stubs):
        stubs["lambda"].add_response(
            "get_function_concurrency", {"ReservedConcurrentExecutions": 5}, {"FunctionName": "f"}
        )
        answer = aws.call("lambda", "GetFunctionConcurrency", FunctionName="f")
    assert answer["ReservedConcurrentExecutions"] == 5


def test_every_page_of_an_operation_is_read() -> None:
    with stubbed("dynamodb") as (aws, stubs):
        stubs["dynamodb"].add_response("list_tables", {"TableNames": ["one"], "LastEvaluatedTableName": "one"}, {})
        stubs["dynamodb"].add_response("list_tables", {"TableNames": ["two"]}, {"ExclusiveStartTableName": "one"})
        pages = aws.pages("dynamodb", "ListTables")
    assert [page["TableNames"] for page in pages] == [["one"], ["two"]]


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ("eu-west-1", Partition("aws", "amazonaws.com")),
        ("cn-north-1", Partition("aws-cn", "amazonaws.com.cn")),
        ("us-gov-west-1", Partition("aws-us-gov", "amazonaws.com")),
        ("nowhere", Partition("aws", "amazonaws.com")),
    ],
)
def test_the_partition_of_a_region(region: str, expected: Partition) -> None:
    assert partition(region) == expected


def test_botocore_supports_what_its_model_has() -> None:
    aws = offline_aws()

    assert aws.supports("cloudformation", "DescribeEvents")
    assert aws.supports("cloudformation", "CreateChangeSet", "DeploymentConfig")
    assert not aws.supports("cloudformation", "CreateChangeSet", "NoSuchParameter")
    assert not aws.supports("cloudformation", "NoSuchOperation")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (Connection(), {}),
        (Connection("eu-west-1", "shop"), {"region": "eu-west-1", "profile": "shop"}),
        (Connection("eu-west-1", env="prod"), {"env": "prod", "region": "eu-west-1"}),
        (Connection("us-east-1", endpoint="http://127.0.0.1:1", keys=("a", "b"), env="local"), {"env": "local"}),
    ],
)
def test_the_settings_of_a_target(target: Connection, expected: dict[str, str]) -> None:
    assert target.settings == expected


def test_a_client_that_was_prepared_is_the_one_that_is_used() -> None:
    aws = offline_aws()
    aws.prepare(["s3", "kms"])
    assert aws.client("s3") is aws.client("s3")
