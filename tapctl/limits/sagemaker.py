"""The limits of SageMaker that a deploy can reach; those of each instance type are not in the catalogue."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

ROWS = (
    Limit(
        id="sagemaker-notebook-instances",
        key="sagemaker/L-04CE2E67",
        title="SageMaker notebook instances",
        docs="https://docs.aws.amazon.com/general/latest/gr/sagemaker.html",
        counts=(each("AWS::SageMaker::NotebookInstance"),),
        grade=DefaultGrade.OPEN,
        usage=Call("sagemaker", "ListNotebookInstances", "NotebookInstances"),
    ),
)
