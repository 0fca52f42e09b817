"""The catalogue against botocore's service models and CloudFormation's resource schemas, without a network."""

import csv
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import jmespath
import pytest
from botocore.validate import ParamValidator

from tapctl.account.model import Account, AccountSettings, Concurrency, Quota
from tapctl.concurrency.additions import additions, largest
from tapctl.concurrency.change import diff
from tapctl.concurrency.counting import Inventory, counter_of
from tapctl.concurrency.judge import judge
from tapctl.concurrency.limits_check import check_limits, judges_with
from tapctl.concurrency.read_demand import read_demand
from tapctl.concurrency.result import Preflight
from tapctl.concurrency.verdict import Verdict
from tapctl.limits import FILES, Limit, LimitKind, NoLimit, catalogue, limits_of, no_limits, rows, uncovered
from tapctl.limits.acm import KEY_TYPES
from tapctl.limits.row import ITSELF, Call, Count, DefaultGrade, Of, ValueKind
from tests.support.tables import check_each
from tests.support.templates import stack_tree_of

SESSION = botocore.session.Session()


def calls(row: Limit) -> list[Call]:
    reads = [read for read in (row.usage, row.quota) if isinstance(read, Call)]
    return [*reads, *(read.groups for read in reads if read.groups)]


CALLS = {f"{call.service}-{call.operation}-{call.path}": call for row in catalogue() for call in calls(row)}
COUNTS = {f"{row.id}-{count.type}-{count.path}": count for row in catalogue() for count in row.counts}


@cache
def service_model(service: str) -> Any:
    return SESSION.get_service_model(service)


def model(call: Call) -> Any:
    return service_model(call.service).operation_model(call.operation)


def pagination(service: str) -> dict[str, Any]:
    paginators: dict[str, Any] = SESSION.get_component("data_loader").load_service_model(service, "paginators-1")
    return dict(paginators["pagination"])


def test_ids_keys_and_titles_are_unique() -> None:
    for name in ("id", "key", "title"):
        values = [getattr(row, name) for row in catalogue()]
        assert len(values) == len(set(values)), name


def test_every_kind_is_judged() -> None:
    assert set(judges_with(lambda limit, result: iter(()))) == set(LimitKind)


def test_only_the_files_of_the_types_in_the_template_are_loaded() -> None:
    services = {limit.service for limit in limits_of(["AWS::IAM::Role"])}

    assert services == {"cloudformation", "iam", "lambda"}


def test_a_row_that_several_files_count_is_in_one() -> None:
    assert len(catalogue()) == len({row.id for row in catalogue()})
    assert all(rows(service) for services in FILES.values() for service in services)


def its_id_begins_with_its_service(row: Limit) -> None:
    assert re.fullmatch(rf"{row.service.lower().removeprefix('aws')}(-[a-z0-9]+)+", row.id)


def its_documentation_is_aws_s_over_https(row: Limit) -> None:
    assert row.docs.startswith("https://docs.aws.amazon.com/")
    assert " " not in row.docs


def its_key_is_a_quota_code_or_a_name(row: Limit) -> None:
    assert re.fullmatch(r"[A-Za-z0-9-]+/(L-[0-9A-F]{8}|[a-z][a-z0-9-]+)", row.key)
    assert row.has_code or row.kind is not LimitKind.CONCURRENCY


def it_has_the_fields_of_its_kind(row: Limit) -> None:
    match row.kind:
        case LimitKind.COUNT:
            assert row.counts
            assert row.default is not None or row.grade is DefaultGrade.OPEN
            assert row.has_code or not row.adjustable
        case LimitKind.CONCURRENCY | LimitKind.EXPORTS:
            assert row.usage
        case LimitKind.TEMPLATE:
            assert row.fixed
            assert not row.permissions


def its_permissions_are_those_of_its_calls(row: Limit) -> None:
    assert len(row.permissions) == len(set(row.permissions))
    assert {call.permission for call in calls(row)} <= set(row.permissions)
    if row.kind is LimitKind.COUNT and row.quota is None and row.has_code:
        assert {"servicequotas:GetServiceQuota", "servicequotas:GetAWSDefaultServiceQuota"} <= set(row.permissions)


def a_usage_by_parent_has_counts_by_parent(row: Limit) -> None:
    if row.kind is not LimitKind.COUNT:
        return
    tallies = (ValueKind.TALLY, ValueKind.PAIRS)
    by_parent = isinstance(row.usage, Call) and (row.usage.reading in tallies or bool(row.usage.parent))
    if row.usage and not any(count.of is Of.COUNTER for count in row.counts):
        assert {bool(count.per) for count in row.counts} == {by_parent}


def test_each_row() -> None:
    checks = (
        its_id_begins_with_its_service,
        its_documentation_is_aws_s_over_https,
        its_key_is_a_quota_code_or_a_name,
        it_has_the_fields_of_its_kind,
        its_permissions_are_those_of_its_calls,
        a_usage_by_parent_has_counts_by_parent,
    )
    check_each({row.id: row for row in catalogue()}, *checks)


@pytest.mark.corpus
def test_the_codes_are_those_of_the_facts() -> None:
    facts = Path(__file__).parents[3] / "shared" / "facts" / "quotas.csv"
    if not facts.exists():
        pytest.skip("the facts are not beside the project")
    with facts.open(encoding="utf-8") as file:
        keys = {f"{row['service_code']}/{row['quota_code']}" for row in csv.DictReader(file)}

    assert {row.key for row in catalogue() if row.has_code} - keys == set()


def parameters(call: Call) -> dict[str, Any]:
    return dict(call.parameters) | ({call.parent: "parent-1"} if call.parent else {})


def its_operation_exists(call: Call) -> None:
    assert call.operation in service_model(call.service).operation_names


def its_permission_begins_with_the_service_s_own_prefix(call: Call) -> None:
    if not call.action:
        assert call.permission == f"{service_model(call.service).signing_name}:{call.operation}"


def its_parameters_are_valid(call: Call) -> None:
    shape = model(call).input_shape
    if shape is None:
        assert not call.parameters
        return
    assert not ParamValidator().validate(parameters(call), shape).has_errors()


def its_path_is_in_the_answer(call: Call) -> None:
    # An answer with every member of the model has something at the path.
    found = jmespath.search(without_filters(call.path), answer(call.service, call.operation))

    match call.reading:
        case ValueKind.NUMBER:
            assert isinstance(found, list | int)
        case ValueKind.SUM:
            assert found
            assert all(isinstance(value, int | float) for value in found)
        case ValueKind.TALLY:
            assert found
            assert all(isinstance(value, str) for value in found)
        case ValueKind.PAIRS | ValueKind.GROUPS:
            assert found
            assert all(len(pair) == 2 and None not in pair for pair in found)


def the_members_in_its_path_exist(call: Call) -> None:
    words = set(re.findall(r"(?<!\w)[A-Za-z]\w+(?![\w(])", re.sub("'[^']*'", "''", call.path)))

    assert words - names(call.service, call.operation) == set()


def a_list_is_read_page_by_page(call: Call) -> None:
    operation = model(call)
    inputs = operation.input_shape.members if operation.input_shape else {}
    pages = {"NextToken", "nextToken", "Marker", "ContinuationToken", "ExclusiveStartTableName"} & set(inputs)
    if (pages and call.reading is not ValueKind.NUMBER) or "[" in call.path:
        assert not pages or call.token or call.operation in pagination(call.service)


def test_each_call() -> None:
    checks = (
        its_operation_exists,
        its_permission_begins_with_the_service_s_own_prefix,
        its_parameters_are_valid,
        its_path_is_in_the_answer,
        the_members_in_its_path_exist,
        a_list_is_read_page_by_page,
    )
    check_each(CALLS, *checks)


def without_filters(path: str) -> str:
    """A path whose filters let everything through."""
    return re.sub(r"\[\?[^\]]*\]", "[]", path)


@cache
def answer(service: str, operation: str) -> Any:
    return example(service_model(service).operation_model(operation).output_shape)


@cache
def names(service: str, operation: str) -> frozenset[str]:
    return frozenset(members(service_model(service).operation_model(operation).output_shape))


def example(shape: Any, depth: int = 0) -> Any:
    """An answer with every member, lists and maps with one item."""
    match shape.type_name:
        case "structure":
            return {} if depth > 6 else {name: example(member, depth + 1) for name, member in shape.members.items()}
        case "list":
            return [example(shape.member, depth + 1)]
        case "map":
            return {key: example(shape.value, depth + 1) for key in keys_of(shape)}
        case "integer" | "long" | "double" | "float":
            return 1
        case "boolean":
            return True
        case _:
            return "1"  # some services give numbers as text


DOCUMENTED_KEYS = {"TopicAttributesMap": ("SubscriptionsConfirmed", "SubscriptionsPending")}
"""The keys of a map that the documentation of an operation names, where the model does not."""


def keys_of(shape: Any) -> tuple[str, ...]:
    named: tuple[str, ...] = tuple(getattr(shape.key, "enum", ()))
    return named or DOCUMENTED_KEYS.get(shape.name, ("key",))


def members(shape: Any, depth: int = 0) -> set[str]:
    """The names of all members, and the keys of maps."""
    if depth > 6:
        return set()
    match shape.type_name:
        case "structure":
            inner = [members(member, depth + 1) for member in shape.members.values()]
            return set(shape.members).union(*inner)
        case "list":
            return members(shape.member, depth + 1)
        case "map":
            return {*keys_of(shape)} | members(shape.value, depth + 1)
        case _:
            return set()


# ---------------------------------------------------------------------------------------------------------------------
# Resource types, their properties, and a template per row
# ---------------------------------------------------------------------------------------------------------------------


@cache
def schema(type_: str) -> dict[str, Any]:
    from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

    found: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema
    return found


def at(root: dict[str, Any], path: str) -> dict[str, Any] | None:
    """The schema of a property; lists on the way are gone through."""
    here: dict[str, Any] = root
    for step in path.split("."):
        here = resolved(root, here)
        while "items" in here:
            here = resolved(root, here["items"])
        if step not in here.get("properties", {}):
            return None
        here = here["properties"][step]
    return resolved(root, here)


def resolved(root: dict[str, Any], here: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in here:
        target: Any = root
        for step in here["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        here = target
    return here


def its_type_exists(count: Count) -> None:
    assert schema(count.type)["typeName"] == count.type


def its_properties_exist(count: Count) -> None:
    own = () if count.of is Of.COUNTER or not count.path else (count.path,)
    parent = () if count.per in ("", ITSELF) else (count.per,)

    assert [
        path
        for path in (*own, *count.times, *parent, *count.where)
        if at(schema(count.type), path.partition(">")[0]) is None
    ] == []


def the_name_of_another_resource_is_of_a_property(count: Count) -> None:
    if named := count.unless:
        assert at(schema(named.type), named.path)
        assert at(schema(count.type), named.own)


def its_units_are_a_number_above_zero(count: Count) -> None:
    assert count.units > 0


def its_counter_exists(count: Count) -> None:
    if count.of is Of.COUNTER:
        assert callable(counter_of(count.counter))


def a_template_of_it_adds_what_it_says(count: Count) -> None:
    if count.of is Of.COUNTER or follows_a_reference(count):
        return  # tests/concurrency/ has its templates
    row = next(row for row in catalogue() if count in row.counts)
    one, two = (added(row, *[spender(count)] * number) for number in (1, 2))

    assert one > 0
    assert two == one if count.per == ITSELF else two == 2 * one


def a_template_fits_to_the_last_unit_and_exceeds_by_one(count: Count) -> None:
    row = next(row for row in catalogue() if count in row.counts)
    if row.kind is not LimitKind.COUNT or count.of is Of.COUNTER or follows_a_reference(count):
        return
    units = int(added(row, spender(count))) + row.own_stack
    verdicts = [verdict(row, count, Quota(units + free, 0)) for free in (0, -1)]

    assert verdicts == [Verdict.FITS, Verdict.UNCERTAIN if row.at_most or count.maybe else Verdict.EXCEEDS]


def test_each_count() -> None:
    checks = (
        its_type_exists,
        its_properties_exist,
        the_name_of_another_resource_is_of_a_property,
        its_units_are_a_number_above_zero,
        its_counter_exists,
        a_template_of_it_adds_what_it_says,
        a_template_fits_to_the_last_unit_and_exceeds_by_one,
    )
    check_each(COUNTS, *checks)


def follows_a_reference(count: Count) -> bool:
    """Whether it counts under a property of another resource."""
    return any(">" in path and None not in allowed for path, allowed in count.where.items())


def verdict(row: Limit, count: Count, quota: Quota) -> Verdict:
    tree = stack_tree_of(json.dumps({"Resources": {"R": spender(count)}}))
    pool = Concurrency(1000, 1000)
    account = Account("eu-west-1", AccountSettings(pool), quotas={row.key: quota})
    changes = diff(read_demand(tree), {})
    result = Preflight(tree.resolver.template, tree, account, read_demand(tree), changes, judge(changes, pool))
    (finding,) = [finding for finding in check_limits(result) if finding.limit == row.id]
    return finding.verdict


def spender(count: Count) -> dict[str, Any]:
    """A resource that adds the least that one can."""
    properties: dict[str, Any] = {}
    set_at(properties, count.path, {Of.LENGTH: ["a"], Of.SIZE: "a", Of.SUM: 1, Of.VALUE: 1}.get(count.of))
    for path in count.times:
        set_at(properties, path, 1)
    for path, allowed in count.where.items():
        if allowed[0] is not None:
            set_at(properties, path, "a" if allowed[0] == "*" else allowed[0])
    if count.per not in ("", ITSELF):
        set_at(properties, count.per, "parent-1")
    return {"Type": count.type, "Properties": properties}


def set_at(properties: dict[str, Any], path: str, value: Any) -> None:
    if path and value is not None:
        *above, last = path.split(".")
        for step in above:
            properties = properties.setdefault(step, {})
        properties[last] = value


def added(row: Limit, *resources: dict[str, Any]) -> float:
    template = {"Resources": {f"R{index}": resource for index, resource in enumerate(resources)}}
    inventory = Inventory(stack_tree_of(json.dumps(template)))
    return largest(additions(row, inventory)).most - row.own_stack


def test_stacks_are_counted_in_every_status_but_deleted() -> None:
    row = next(limit for limit in catalogue() if limit.id == "cloudformation-stacks")
    assert isinstance(row.usage, Call)
    shape: Any = SESSION.get_service_model("cloudformation").shape_for("StackStatus")
    assert sorted([*row.usage.parameters["StackStatusFilter"], "DELETE_COMPLETE"]) == sorted(shape.enum)  # type: ignore[misc]


def it_exists(type_: str) -> None:
    assert schema(type_)["typeName"] == type_


def it_has_a_reason(group: NoLimit) -> None:
    assert group.reason
    assert not group.reason.endswith(".")


def its_page_is_one_of_aws(group: NoLimit) -> None:
    assert group.docs.startswith("https://docs.aws.amazon.com/")


class TestNoLimits:
    TYPES = tuple(type_ for group in no_limits() for type_ in group.types)

    def test_each_type_is_named_once_and_has_no_row(self) -> None:
        assert len(self.TYPES) == len(set(self.TYPES))
        assert set(self.TYPES) & set(FILES) == set()

    def test_the_types_exist(self) -> None:
        types = set(self.TYPES) - {"AWS::CDK::Metadata"}
        check_each({type_: type_ for type_ in types}, it_exists)

    def test_each_has_a_reason_and_a_page_of_aws(self) -> None:
        groups = {group.types[0]: group for group in no_limits()}
        check_each(groups, it_has_a_reason, its_page_is_one_of_aws)

    def test_the_others_are_uncovered(self) -> None:
        assert uncovered(["Custom::A", "AWS::SQS::Queue", "AWS::S3::Bucket"]) == {"Custom::A"}


def test_certificates_of_every_key_type_are_listed() -> None:
    shape: Any = SESSION.get_service_model("acm").shape_for("KeyAlgorithm")
    assert sorted(KEY_TYPES) == sorted(shape.enum)


def test_the_longest_of_several_lists_counts() -> None:
    row = next(limit for limit in catalogue() if limit.id == "codepipeline-actions-per-stage")
    stages = [{"Actions": ["a"]}, {"Actions": ["a", "b", "c"]}]

    assert added(row, {"Type": "AWS::CodePipeline::Pipeline", "Properties": {"Stages": stages}}) == 3


def test_an_item_that_may_not_be_there_counts_to_the_most() -> None:
    row = next(limit for limit in catalogue() if limit.id == "codepipeline-stages-per-pipeline")
    template = (
        "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, a]}\nResources: {R: "
        "{Type: AWS::CodePipeline::Pipeline, Properties: {Stages: [{Name: a}, !If [C, {Name: b}, !Ref AWS::NoValue]]}}}"
    )
    (found,) = additions(row, Inventory(stack_tree_of(template)))

    assert (found.least, found.most) == (1, 2)


@pytest.mark.parametrize(
    ("authority", "expected"),
    [
        pytest.param("!Ref AWS::NoValue", (1, 1), id="absent"),
        pytest.param("!Ref A", None, id="a-reference-is-set"),
        pytest.param("!Ref P", None, id="a-parameter-is-set"),
        pytest.param("!If [C, !Ref A, !Ref AWS::NoValue]", (0, 1), id="open"),
    ],
)
def test_a_property_that_must_be_absent(authority: str, expected: tuple[int, int] | None) -> None:
    row = next(limit for limit in catalogue() if limit.id == "acm-certificates")
    template = (
        "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, a]}\nResources: {A: {Type: Custom::A}, "
        f"C: {{Type: AWS::CertificateManager::Certificate, Properties: {{CertificateAuthorityArn: {authority}}}}}}}"
    )
    found = additions(row, Inventory(stack_tree_of(template)))

    assert [(one.least, one.most) for one in found] == ([expected] if expected else [])


def test_a_property_without_a_value_names_no_parent() -> None:
    row = next(limit for limit in catalogue() if limit.id == "appconfig-environments-per-application")
    named = {"Fn::If": ["Never", "application", {"Ref": "AWS::NoValue"}]}
    resource = {"Type": "AWS::AppConfig::Environment", "Properties": {"ApplicationId": named}}
    template = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}, "Resources": {"R": resource}}

    assert additions(row, Inventory(stack_tree_of(json.dumps(template)))) == ()


@pytest.mark.parametrize("operation", ["ListProvisionedConcurrencyConfigs", "ListStackResources", "ListExports"])
def test_other_lists_can_be_read_page_by_page_too(operation: str) -> None:
    service = "lambda" if "Provisioned" in operation else "cloudformation"
    assert operation in pagination(service)
