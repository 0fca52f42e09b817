"""The limits of AWS Batch that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each, length, size

DOCS = "https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html"
QUEUE = "AWS::Batch::JobQueue"

ROWS = (
    Limit(
        id="batch-compute-environments",
        key="batch/L-144F0CA5",
        title="Batch compute environments",
        docs=DOCS,
        counts=(each("AWS::Batch::ComputeEnvironment"),),
        default=50,
        adjustable=False,
        usage=Call("batch", "DescribeComputeEnvironments", "computeEnvironments"),
    ),
    Limit(
        id="batch-job-queues",
        key="batch/L-4CEA37AD",
        title="Batch job queues",
        docs=DOCS,
        counts=(each(QUEUE),),
        default=50,
        adjustable=False,
        usage=Call("batch", "DescribeJobQueues", "jobQueues"),
    ),
    Limit(
        id="batch-environments-per-queue",
        key="batch/L-F8102809",
        title="Compute environments per Batch job queue",
        docs=DOCS,
        counts=(length(QUEUE, "ComputeEnvironmentOrder"),),
        default=3,
        adjustable=False,
    ),
    Limit(
        id="batch-job-definition-size",
        key="batch/job-definition-size",
        title="Length of a Batch job definition",
        docs=DOCS,
        counts=(size("AWS::Batch::JobDefinition", "ContainerProperties"),),
        unit="characters",
        default=24 * 1024,
        adjustable=False,
    ),
)
