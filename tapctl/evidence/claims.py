"""The assumptions of tapctl about AWS, each with a grade: the graded table behind docs/verdicts.md.

A grade is changed by hand, in the commit that adds a record or a source; a record that contradicts the judgement fails
`tests/evidence/test_record.py`, which names the claim.
"""

from dataclasses import dataclass
from enum import Enum

_DG = "https://docs.aws.amazon.com/lambda/latest/dg/"
_LAMBDA_API = "https://docs.aws.amazon.com/lambda/latest/api/"
_CFN = "https://docs.aws.amazon.com/AWSCloudFormation/latest/"
_GITHUB = "https://github.com/"
_LOCALSTACK = f"{_GITHUB}localstack/localstack/blob/main/"


class Grade(Enum):
    """How sure a claim is."""

    MEASURED = "measured"
    """A record of AWS shows it."""
    DOCUMENTED = "documented"
    REPORTED = "reported"
    """Public error texts or issues show it."""
    OPEN = "open"
    """The judgement takes neither answer: the verdict is uncertain or unknown."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement about AWS, and what the judgement makes of it."""

    id: str
    text: str
    grade: Grade
    judged: str
    sources: tuple[str, ...]
    records: tuple[str, ...] = ()
    """The files in evidence/ that show it, for a copy of tapctl that has no such folder."""


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "minimum-10",
        "With a limit of 10 or less, everything stays unreserved",
        Grade.REPORTED,
        "a reservation is *exceeds*",
        (
            f"{_GITHUB}aws-solutions/workload-discovery-on-aws/issues/243",
            f"{_GITHUB}awslabs/fhir-works-on-aws-deployment/issues/691",
            f"{_GITHUB}aws-samples/one-observability-demo/issues/278",
        ),
    ),
    Claim(
        "minimum-50",
        "With a limit of 50, everything stays unreserved",
        Grade.REPORTED,
        "a reservation is *exceeds*",
        (
            f"{_GITHUB}tradle/mycloud/issues/26",
            f"{_GITHUB}aws-samples/s3-to-lambda-patterns/issues/36",
        ),
    ),
    Claim(
        "minimum-1000",
        "With a limit of 1000 or more, 100 stay unreserved",
        Grade.DOCUMENTED,
        "less is *exceeds*",
        (f"{_DG}configuration-concurrency.html", f"{_LAMBDA_API}API_PutFunctionConcurrency.html"),
    ),
    Claim(
        "minimum-between",
        "With another limit, between 10 and 100 stay unreserved",
        Grade.OPEN,
        "between the two it is *uncertain*",
        (f"{_DG}configuration-concurrency.html", f"{_DG}gettingstarted-limits.html"),
    ),
    Claim(
        "zero-reservation",
        "A reservation of 0 is accepted whatever is left",
        Grade.REPORTED,
        "it takes nothing: *fits*",
        (f"{_LOCALSTACK}tests/aws/services/lambda_/test_lambda.py",),
    ),
    Claim(
        "own-reservation",
        "The old reservation of a function is credited before the new one is checked",
        Grade.REPORTED,
        "only an increase counts",
        (f"{_LOCALSTACK}localstack-core/localstack/services/lambda_/provider.py",),
    ),
    Claim(
        "provisioned-unreserved",
        "Provisioned concurrency of a function without a reservation lowers the unreserved concurrency",
        Grade.DOCUMENTED,
        "it counts as a claim",
        (f"{_DG}provisioned-concurrency.html",),
    ),
    Claim(
        "unreserved-delay",
        "The unreserved concurrency follows a change of a reservation at once",
        Grade.OPEN,
        "it is read again right before a deploy executes",
        (f"{_LAMBDA_API}API_GetAccountSettings.html",),
    ),
    Claim(
        "latest-provisioned",
        "Provisioned concurrency on an alias of $LATEST is refused",
        Grade.DOCUMENTED,
        "*exceeds*",
        (f"{_DG}provisioned-concurrency.html", f"{_LAMBDA_API}API_PutProvisionedConcurrencyConfig.html"),
    ),
    Claim(
        "zero-provisioned",
        "0 provisioned executions are refused",
        Grade.DOCUMENTED,
        "*exceeds*",
        (f"{_LAMBDA_API}API_PutProvisionedConcurrencyConfig.html",),
    ),
    Claim(
        "one-configuration",
        "A version takes one configuration of provisioned concurrency: its own, or that of one alias",
        Grade.REPORTED,
        "*exceeds*; *uncertain* while an update moves one",
        (f"{_LOCALSTACK}tests/aws/services/lambda_/test_lambda_api.py",),
    ),
    Claim(
        "snapstart-provisioned",
        "Provisioned concurrency with SnapStart is refused",
        Grade.DOCUMENTED,
        "*exceeds*; *uncertain* on a version given by its number",
        (f"{_DG}snapstart.html",),
    ),
    Claim(
        "tenancy-provisioned",
        "Provisioned concurrency with tenant isolation is refused",
        Grade.DOCUMENTED,
        "*exceeds*; *uncertain* on a version given by its number",
        (f"{_DG}tenant-isolation.html",),
    ),
    Claim(
        "managed-instances",
        "What a reservation on managed instances does is not known",
        Grade.OPEN,
        "*unknown*",
        (f"{_DG}lambda-managed-instances.html",),
    ),
    Claim(
        "imported-export",
        "An export that another stack imports can be neither removed nor changed",
        Grade.DOCUMENTED,
        "*exceeds*, with the importing stacks",
        (f"{_CFN}APIReference/API_ListImports.html", f"{_GITHUB}aws/aws-cdk/issues/5151"),
    ),
    Claim(
        "memory-3008",
        "An account with a limit below 1000 may take no more than 3,008 MB of memory",
        Grade.REPORTED,
        "a warning",
        (f"{_GITHUB}aws-solutions-library-samples/accelerated-intelligent-document-processing-on-aws/issues/79",),
    ),
    Claim(
        "maximum-concurrency",
        "MaximumConcurrency of event sources above the function's reservation is refused",
        Grade.OPEN,
        "*uncertain*",
        (f"{_DG}services-sqs-scaling.html", f"{_GITHUB}gchq/sleeper/issues/6874"),
    ),
    Claim(
        "restated-property",
        "A property that the template keeps is set again after a change by hand, when the function is updated",
        Grade.OPEN,
        "*uncertain* where the verdict depends on it",
        (f"{_CFN}UserGuide/using-cfn-stack-drift.html",),
    ),
    Claim(
        "removed-property",
        "A reservation that leaves the template is deleted",
        Grade.REPORTED,
        "it frees what it held",
        (f"{_GITHUB}go-to-k/cdkd/pull/732",),
    ),
    Claim(
        "rollback-order",
        "A rollback sets the old values again in no promised order",
        Grade.OPEN,
        "the worst order counts",
        (f"{_CFN}UserGuide/stack-failure-options.html",),
    ),
    Claim(
        "create-before-delete",
        "An update creates what is new before it deletes what is gone",
        Grade.DOCUMENTED,
        "what a removed function frees comes too late: *exceeds*",
        (f"{_CFN}UserGuide/using-cfn-updating-stacks-update-behaviors.html",),
    ),
    Claim(
        "express-delete",
        "An express deploy may say done before what it deletes is gone",
        Grade.DOCUMENTED,
        "what it frees is read again before the next deploy",
        (f"{_CFN}UserGuide/cloudformation-express-mode.html",),
    ),
    Claim(
        "event-tokens",
        "Every event of an operation has the token of its request",
        Grade.DOCUMENTED,
        "a deploy knows its own events by the token",
        (f"{_CFN}APIReference/API_StackEvent.html",),
    ),
    Claim(
        "quota-validation",
        "CloudFormation's own quota check does not name reserved concurrency",
        Grade.OPEN,
        "what a change set's checks name is shown beside the verdict",
        (f"{_CFN}UserGuide/validate-stack-deployments.html",),
    ),
    Claim(
        "create-only",
        "FunctionName and TenancyConfig, and DurableConfig added or removed, replace a function",
        Grade.DOCUMENTED,
        "old and new count side by side",
        (
            f"{_CFN}TemplateReference/aws-resource-lambda-function.html",
            f"{_DG}durable-configuration.html",
            f"{_DG}tenant-isolation.html",
        ),
    ),
    Claim(
        "stack-set-failed-create",
        "A stack instance whose creation fails is OUTDATED and leaves no stack",
        Grade.DOCUMENTED,
        "the cell holds nothing, and the next try creates it again",
        (f"{_CFN}UserGuide/stacksets-troubleshooting.html",),
    ),
    Claim(
        "stack-set-omitted-parameter",
        "What an update of a stack set does with a parameter that it does not name is not known",
        Grade.OPEN,
        "every parameter is sent",
        (f"{_CFN}APIReference/API_UpdateStackSet.html",),
    ),
    Claim(
        "stack-set-managed-execution",
        "Whether operations on different cells run side by side under managed execution is not known",
        Grade.OPEN,
        "one operation is sent after the other",
        (f"{_CFN}APIReference/API_ManagedExecution.html",),
    ),
    Claim(
        "quota-applied",
        "The applied quota of concurrent executions is the limit of GetAccountSettings",
        Grade.REPORTED,
        "the limit of GetAccountSettings counts",
        (f"{_GITHUB}anomalyco/sst/pull/6365",),
    ),
    Claim(
        "quota-not-applied",
        "GetServiceQuota answers NoSuchResourceException where no value is applied",
        Grade.DOCUMENTED,
        "AWS's default is read instead",
        ("https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html",),
    ),
)


def with_grade(source: str, id_: str) -> str:
    """Where a fact is from, with the grade and the records of its claim; "" is no claim."""
    return f"{source} ({_graded(claim(id_))})" if id_ else source


def _graded(taken: Claim) -> str:
    return f"grade: {taken.grade.value}, {', '.join(taken.records) or 'no record'}"


def claim(id_: str) -> Claim:
    return next(known for known in CLAIMS if known.id == id_)
