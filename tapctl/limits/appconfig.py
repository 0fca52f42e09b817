"""The limits of AppConfig that a deploy can reach."""

from tapctl.limits.row import Call, Limit, each

DOCS = "https://docs.aws.amazon.com/general/latest/gr/appconfig.html"

ROWS = (
    Limit(
        id="appconfig-applications",
        key="appconfig/L-EEB0151E",
        title="AppConfig applications",
        docs=DOCS,
        counts=(each("AWS::AppConfig::Application"),),
        default=100,
        usage=Call("appconfig", "ListApplications", "Items"),
    ),
    Limit(
        id="appconfig-profiles-per-application",
        key="appconfig/L-FA210A1F",
        title="Configuration profiles per AppConfig application",
        docs=DOCS,
        counts=(each("AWS::AppConfig::ConfigurationProfile", per="ApplicationId"),),
        default=100,
        usage=Call("appconfig", "ListConfigurationProfiles", "Items", parent="ApplicationId"),
    ),
    Limit(
        id="appconfig-environments-per-application",
        key="appconfig/L-A52E46BE",
        title="Environments per AppConfig application",
        docs=DOCS,
        counts=(each("AWS::AppConfig::Environment", per="ApplicationId"),),
        default=20,
        usage=Call("appconfig", "ListEnvironments", "Items", parent="ApplicationId"),
    ),
    Limit(
        id="appconfig-deployment-strategies",
        key="appconfig/L-F59D302B",
        title="AppConfig deployment strategies",
        docs=DOCS,
        counts=(each("AWS::AppConfig::DeploymentStrategy"),),
        default=20,
        # Those of AWS are listed, too.
        usage=Call("appconfig", "ListDeploymentStrategies", "Items[?!starts_with(Id, 'AppConfig.')]"),
    ),
)
