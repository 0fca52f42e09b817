import re
from dataclasses import replace

import pytest

from tapctl.aws.stacks import StackEvent
from tapctl.hints import advise
from tapctl.hints.failures import FailureAdvice
from tapctl.report.hints import wording
from tapctl.resource_types import STACK
from tapctl.stacks.causes import CAUSES, diagnose, explain
from tapctl.stacks.causes.cause import Cause
from tests.support.golden import Golden
from tests.support.tables import check_each

E1 = (
    "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution"
    " below its minimum value of [{}]."
)
E2 = (
    "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution"
    " below its minimum value of [{}]."
)
WRAPPED_2021 = (
    'Resource handler returned message: "{} (Service: Lambda, Status Code: 400, Request ID: 0d1c,'
    ' Extended Request ID: null)" (RequestToken: 5f1a, HandlerErrorCode: InvalidRequest)'
)
WRAPPED_2022 = (
    'Resource handler returned message: "{} (Service: Lambda, Status Code: 400, Request ID: 0d1c)"'
    " (RequestToken: 5f1a, HandlerErrorCode: InvalidRequest)"
)
WRAPPED_2025 = (
    'Resource handler returned message: "{} (Service: Lambda, Status Code: 400, Request ID: 0d1c)'
    ' (SDK Attempt Count: 1)" (RequestToken: 5f1a, HandlerErrorCode: InvalidRequest)'
)
WRAPPERS = [
    pytest.param("{}", id="bare"),
    pytest.param(WRAPPED_2021, id="as wrapped in 2021"),
    pytest.param(WRAPPED_2022, id="as wrapped from 2022"),
    pytest.param(WRAPPED_2025, id="as wrapped from 2025"),
]


def event(logical_id: str, status: str, reason: str = "", kind: str = "AWS::Lambda::Function") -> StackEvent:
    return StackEvent(f"{logical_id}-{status}", "", logical_id, kind, status, reason, "")


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("text", [pytest.param(E1, id="reserved"), pytest.param(E2, id="provisioned")])
@pytest.mark.parametrize("minimum", [10, 40, 50, 100])
def test_the_minimum_in_the_brackets_is_explained(wrapper: str, text: str, minimum: int) -> None:
    meaning, hint = explain(wrapper.format(text.format(minimum)))

    assert f"fewer than {minimum} unreserved" in meaning
    assert hint == advise(FailureAdvice.FIT_MINIMUM, "", minimum)


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [10].",
            id="provisioned beyond the pool",
        ),
        pytest.param(
            "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
            id="provisioned beyond the reservation",
        ),
        pytest.param(
            " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].",
            id="reserved below the provisioned",
        ),
        pytest.param(
            "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
            id="provisioned on the latest",
        ),
        pytest.param(
            "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
            id="an alias of a provisioned version",
        ),
        pytest.param("Version is pointed by a Provisioned Concurrency alias", id="a version of an alias"),
        pytest.param("Code storage limit exceeded.", id="code storage"),
        pytest.param(
            "1 validation error detected: Value '4096' at 'memorySize' failed to satisfy constraint: "
            "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 3008",
            id="memory of a new account",
        ),
        pytest.param(
            "Validation failed with 2 error(s). Call DescribeEvents to retrieve the full list of issues with resource"
            " and property details, resolve each error, then retry the operation.",
            id="validation",
        ),
        pytest.param("shop-role already exists in stack arn:x", id="a name in use"),
        pytest.param("User: arn:aws:iam::1:user/x is not authorized to perform: kms:CreateKey", id="not authorised"),
        pytest.param("The role defined for the function cannot be assumed by Lambda.", id="a role too new"),
    ],
)
def test_a_known_text_has_a_meaning_and_a_hint(wrapper: str, text: str, golden: Golden) -> None:
    meaning, hint = explain(wrapper.format(text))

    assert meaning
    assert hint
    assert (meaning, hint) == explain(text)
    if wrapper == "{}":
        golden((meaning, hint))


ROLE = "arn:aws:sts::111111111111:assumed-role/deployer/me"
ARN = "arn:aws:cloudformation:us-east-1:111111111111:stack"


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param(
            "Export shop-vpc:Subnets cannot be deleted as it is in use by web and api",
            id="an export in use",
        ),
        pytest.param("No export named shop-vpc found.", id="no such export"),
        pytest.param(
            "The bucket you tried to delete is not empty (Service: Amazon S3; Status Code: 409; Error Code:"
            " BucketNotEmpty; Request ID: 13B5; S3 Extended Request ID: /7/T=; Proxy: null)",
            id="a bucket that is not empty",
        ),
        pytest.param(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename"
            " iot_device_health and update the stack again.",
            id="a named resource to be replaced",
        ),
        pytest.param(
            f"shop-role already exists in stack {ARN}/other/5413e170-82d7-11ea-924c-12bdd946785e",
            id="a name of another stack",
        ),
        pytest.param(
            "Resource of type 'AWS::S3::Bucket' with identifier 'shop' already exists.",
            id="a name in use, by early validation",
        ),
        pytest.param(
            f'Resource handler returned message: "User: {ROLE} is not authorized to perform: kms:CreateKey on resource:'
            " * because no identity-based policy allows the kms:CreateKey action (Service: Kms, Status Code: 400,"
            ' Request ID: 1)" (RequestToken: 5f1a, HandlerErrorCode: AccessDenied)',
            id="denied, with the action",
        ),
        pytest.param(
            f"User: {ROLE} is not authorized to perform: s3:CreateBucket on resource:"
            ' \\"arn:aws:s3:::shop\\" because no'
            " identity-based policy allows the s3:CreateBucket action",
            id="denied, with the resource in quotes",
        ),
        pytest.param(
            f"User: {ROLE} is not authorized to perform: lambda:GetFunction on resource: arn:aws:lambda:x with an"
            " explicit deny in a service control policy (Service: Lambda, Status Code: 403)",
            id="an explicit deny",
        ),
        pytest.param(
            "API: ec2:RunInstances You are not authorized to perform this operation. Encoded authorization failure"
            " message: 0l-KPWQJ8q5z3Yat",
            id="an encoded denial",
        ),
        pytest.param("The security token included in the request is expired", id="expired credentials"),
        pytest.param(
            "Requires capabilities : [CAPABILITY_NAMED_IAM]",
            id="a capability",
        ),
        pytest.param(
            'Resource handler returned message: "The specified KMS key does not exist or is not allowed to be used with'
            " Arn 'arn:aws:logs:eu-west-1:1:log-group:/aws/lambda/shop' (Service: CloudWatchLogs, Status Code: 400)\"",
            id="a key for a log group",
        ),
        pytest.param(
            "Lambda was unable to decrypt the environment variables because KMS access was denied. Please check the"
            " function's KMS key settings.",
            id="a key that may not be used",
        ),
        pytest.param(
            "Invalid request provided: The provided execution role does not have permissions to call ReceiveMessage on"
            " SQS (Service: Lambda, Status Code: 400)",
            id="a role without the event source",
        ),
        pytest.param(
            "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not"
            " exist.",
            id="missing code",
        ),
        pytest.param("Rate exceeded (Service: ApiGateway, Status Code: 429)", id="throttled"),
        pytest.param(
            "Cannot exceed quota for RolesPerAccount: 1000 (Service: Iam, Status Code: 409)",
            id="a quota with its number",
        ),
        pytest.param("The maximum number of VPCs has been reached. (Service: Ec2)", id="a quota"),
        pytest.param(
            "The following hook(s) failed: [AWS::ControlTower::Hook] : Hook failed with message: ValidationError",
            id="a hook",
        ),
        pytest.param(
            "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot"
            " Early Validation errors, use the DescribeEvents API for detailed failure information.",
            id="early validation",
        ),
        pytest.param(
            f"Nested change set {ARN}/x was not successfully created: Currently in FAILED.",
            id="a nested change set",
        ),
        pytest.param(
            "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId"
            " [85c5c344]. If you are using the Python cfn-response module, you may need to update it.",
            id="a custom resource without a response",
        ),
        pytest.param(
            "Received response status [FAILED] from custom resource. Message returned: See the details in CloudWatch"
            " Log Stream: 2026/07/08/[$LATEST]f3d0 (RequestId: 75f7)",
            id="a custom resource that fails",
        ),
        pytest.param("WaitCondition timed out. Received 0 conditions when expecting 2", id="no signal"),
        pytest.param(
            "Unable to fetch parameters [/shop/key] from parameter store for this account.",
            id="no such parameter",
        ),
        pytest.param(
            "resource sg-0123 has a dependent object (Service: Ec2, Status Code: 400)",
            id="in use",
        ),
        pytest.param(
            "Properties validation failed for resource Fn with message: #: extraneous key [Foo] is not permitted",
            id="an unknown property",
        ),
        pytest.param("Internal Failure", id="an internal failure"),
        pytest.param(
            "Provisioned Concurrency configuration failed to be applied. Reason: FUNCTION_ERROR_INIT_FAILURE",
            id="code that fails in init",
        ),
        pytest.param(
            "Alias with weights can not be used with Provisioned Concurrency (Service: Lambda, Status Code: 400)",
            id="provisioned concurrency of a weighted alias",
        ),
        pytest.param(
            "Action denied by stack policy: Statement [#2] does not allow [Update:Modify] for resource [Orders]",
            id="a stack policy",
        ),
        pytest.param(
            "Delete canceled. Cannot delete export orders-arn as it is in use by mail", id="an imported export"
        ),
        pytest.param(
            "Received response status [FAILED] from custom resource. Message returned: Rate exceeded (RequestId: 75f7)",
            id="a custom resource that is throttled",
        ),
    ],
)
def test_the_names_in_a_text_are_in_its_meaning_and_hint(reason: str, golden: Golden) -> None:
    golden(explain(reason, "the-bucket"))


FAILED = "Received response status [FAILED] from custom resource. Message returned: {} (RequestId: 75f7)"


KINDS = (
    "Provisioned Concurrency configuration failed to be applied. Reason: FUNCTION_ERROR_INIT_TIMEOUT",
    "Provisioned Concurrency configuration failed to be applied. Reason: FUNCTION_ERROR_PERMISSION_DENIED",
    "Provisioned Concurrency configuration failed to be applied. Reason: FUNCTION_ERROR_RUNTIME_ERROR",
    "Provisioned Concurrency configuration failed to be applied. Reason: ENI_LIMIT_EXCEEDED",
    "Provisioned Concurrency configuration failed to be applied.",
    "Action denied by stack policy: Statement [#1] does not allow [Update:*] for resource [Orders]",
    "Action denied by stack policy: Statement [#1] does not allow [Update:Modify, Update:Delete] for resource X",
    "Action denied by stack policy: no statement allows it",
    "Export shop:Url is imported by stacks web, api",
    "Cannot update export shop:Url as it is in use by web, api and mail (Service: CloudFormation)",
    FAILED.format("ThrottlingException: Too Many Requests"),
    FAILED.format("User: arn:aws:sts::1:assumed-role/f/f is not authorized to perform: s3:PutObject on resource: x"),
    FAILED.format("An error occurred (AccessDenied) when calling the GetObject operation: Access Denied"),
    FAILED.format("the table orders already exists"),
    FAILED.format("Runtime exited with error: signal: killed"),
    FAILED.format("Task timed out after 3.00 seconds"),
    "Custom Resource failed to stabilize in expected time. If you use the cfn-response module, update.",
    "CustomResource attribute error: Vendor response doesn't contain Url key in object arn:aws:x|Step|1",
    "Response object is too long.",
    "Invalid Response object: Value of PhysicalResourceId must be a string",
    "Modifying service token is not allowed.",
    "Lambda was unable to configure your environment variables. Reserved keys used in this request: AWS_REGION",
    "The runtime parameter of nodejs14.x is no longer supported for creating or updating AWS Lambda functions.",
    "Layers consume more than the available size of 262144000 bytes",
    "Source image 1.dkr.ecr.us-east-1.amazonaws.com/f:1 does not exist. Provide a valid source image.",
    "The REST API doesn't contain any methods",
    "The bucket namespace is shared by all users: the requested bucket name is not available.",
    "Unable to validate the following destination configurations",
    "You can't create this secret because a secret with this name is already scheduled for deletion.",
    "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds",
    "Subscriber limit exceeded: Only 10 tables can be created, updated, or deleted simultaneously",
    "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET' (Service: Sfn)",
    "ECS Deployment Circuit Breaker was triggered.",
    "Cannot delete protected DB Instance, please disable deletion protection and try again.",
    'Resource handler returned message: "x" (RequestToken: t, HandlerErrorCode: NotUpdatable)',
    "The security group 'sg-1' does not exist",
    "Stack creation time exceeded the specified timeout. Rollback requested by user.",
    "A version for this Lambda function exists ( 7 ). Modify the function to create a new version.",
    "Replacement type updates not supported on stack with disable-rollback.",
    "Update of resource type is not permitted. The new template modifies resource type of the resources: [Queue]",
    "The certificate that is attached to your distribution doesn't cover the alternate domain name (CNAME)",
    "Access denied for operation 'AWS::X: Your account must be verified before you can add new CloudFront resources.'",
    "Your requested instance type (t2.micro) is not supported in your requested Availability Zone (us-east-1e).",
    "The target group with targetGroupArn arn:aws:x:targetgroup/shop/1 does not have an associated load balancer.",
    "Cannot find version 11.1 for postgres (Service: Rds, Status Code: 400)",
)


def test_a_text_is_explained_by_its_kind(golden: Golden) -> None:
    assert all(all(explain(reason)) for reason in KINDS)
    golden([part for reason in KINDS for part in (f"-- {reason}", *explain(reason))])


def it_uses_only_groups_of_its_pattern(cause: Cause) -> None:
    groups = dict.fromkeys(re.compile(cause.pattern).groupindex, "found")
    known = {"physical_id": "id", **groups}

    assert cause.meaning.format_map(known)
    assert set(cause.groups) <= known.keys()
    assert len(re.findall(r"\{[^}]*\}", wording(cause.advice))) == len(cause.groups)
    assert not cause.meaning.endswith(".")


def test_every_cause_uses_only_groups_of_its_pattern() -> None:
    check_each({cause.pattern: cause for cause in CAUSES}, it_uses_only_groups_of_its_pattern)


def test_an_export_in_use_is_matched_in_cloudformations_own_spelling() -> None:
    reasons = (
        "Delete canceled. Cannot delete export shop-url as it is in use by web",
        "Cannot update export shop-url as it is in use by web and api",
        "Export shop-url cannot be deleted as it is in use by web",
    )

    assert all(any(re.search(cause.pattern, reason) for cause in CAUSES) for reason in reasons)


def test_an_unknown_text_has_no_explanation() -> None:
    assert explain("The sky fell") == ("", None)


def test_the_first_cause_is_the_earliest_failure_that_is_no_cancellation() -> None:
    found = diagnose(
        [
            event("Other", "CREATE_FAILED", "Resource creation cancelled"),
            event("Fn", "CREATE_FAILED", E1.format(10)),
            event("Table", "CREATE_FAILED", "something that came of it"),
            event("shop", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Fn].", STACK),
        ]
    )

    assert found is not None
    assert (found.logical_id, found.reason) == ("Fn", E1.format(10))


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_diagnosis_quotes_the_reason_without_the_handlers_wrapping(wrapper: str) -> None:
    found = diagnose([event("Fn", "CREATE_FAILED", wrapper.format(E1.format(10)))])
    assert found is not None
    assert found.words == E1.format(10)


@pytest.mark.parametrize(
    "reason", ["Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled"]
)
def test_a_cancellation_is_no_cause(reason: str) -> None:
    assert diagnose([event("Fn", "UPDATE_FAILED", reason)]) is None


def test_a_failure_that_quotes_a_name_with_the_word_is_a_cause() -> None:
    found = diagnose(
        [
            event("Orders", "CREATE_FAILED", "cancelled-orders already exists in stack arn:x"),
            event("Fn", "CREATE_FAILED", "another failure"),
        ]
    )

    assert found is not None
    assert found.logical_id == "Orders"


def test_a_resources_failure_comes_before_its_stacks() -> None:
    found = diagnose([event("shop", "UPDATE_FAILED", "it failed", STACK), event("Fn", "UPDATE_FAILED", "because")])

    assert found is not None
    assert found.logical_id == "Fn"


def test_a_stack_that_fails_alone_is_its_own_cause() -> None:
    found = diagnose([event("Nested", "CREATE_FAILED", "Embedded stack was not created", STACK)])

    assert found is not None
    assert found.logical_id == "Nested"


def test_nothing_failed_gives_no_diagnosis() -> None:
    assert diagnose([event("Fn", "CREATE_COMPLETE")]) is None


def test_a_cause_in_a_nested_stack_is_named_by_its_path() -> None:
    inner = replace(event("Fn", "CREATE_FAILED", "because"), within="Network/Zone/")
    found = diagnose(
        [
            event("shop", "CREATE_IN_PROGRESS", "User Initiated", STACK),
            inner,
            event("Network", "CREATE_FAILED", "Embedded stack arn:x was not successfully created", STACK),
        ]
    )

    assert found is not None
    assert (found.logical_id, found.reason) == ("Network/Zone/Fn", "because")


def test_a_rollback_without_a_failed_resource_is_explained_by_the_stacks_own_reason() -> None:
    own = {"physical_id": "id", "stack_id": "id"}
    found = diagnose(
        [
            replace(event("shop", "UPDATE_IN_PROGRESS", "User Initiated", STACK), **own),
            event("Queue", "UPDATE_COMPLETE"),
            replace(
                event("shop", "UPDATE_ROLLBACK_IN_PROGRESS", "Export a cannot be updated as it is in use by b", STACK),
                **own,
            ),
        ]
    )

    assert found is not None
    assert (found.logical_id, found.meaning) == ("shop", explain(found.reason)[0])
