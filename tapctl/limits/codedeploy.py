"""The limits of CodeDeploy that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each

DOCS = "https://docs.aws.amazon.com/codedeploy/latest/userguide/limits.html"

ROWS = (
    Limit(
        id="codedeploy-applications",
        key="codedeploy/L-3F19B6A5",
        title="CodeDeploy applications",
        docs=DOCS,
        counts=(each("AWS::CodeDeploy::Application"),),
        default=1000,
        usage=Call("codedeploy", "ListApplications", "applications"),
    ),
    Limit(
        id="codedeploy-groups-per-application",
        key="codedeploy/L-D9088B77",
        title="Deployment groups per CodeDeploy application",
        docs=DOCS,
        counts=(each("AWS::CodeDeploy::DeploymentGroup", per="ApplicationName"),),
        default=1000,
        usage=Call("codedeploy", "ListDeploymentGroups", "deploymentGroups", parent="applicationName"),
    ),
    Limit(
        id="codedeploy-configurations",
        key="codedeploy/deployment-configurations",
        title="Custom deployment configurations",
        docs=DOCS,
        counts=(each("AWS::CodeDeploy::DeploymentConfig"),),
        default=50,
        adjustable=False,
        # Those of AWS are listed, too.
        usage=Call(
            "codedeploy", "ListDeploymentConfigs", "deploymentConfigsList[?!starts_with(@, 'CodeDeployDefault.')]"
        ),
    ),
)
