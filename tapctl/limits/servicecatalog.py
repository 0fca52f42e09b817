"""The limits of Service Catalog that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/servicecatalog/latest/adminguide/limits.html"

ROWS = (
    Limit(
        id="servicecatalog-portfolios",
        key="servicecatalog/L-C6458716",
        title="Portfolios",
        docs=DOCS,
        counts=(each("AWS::ServiceCatalog::Portfolio"),),
        grade=DefaultGrade.OPEN,
        usage=Call("servicecatalog", "ListPortfolios", "PortfolioDetails"),
    ),
    Limit(
        id="servicecatalog-products",
        key="servicecatalog/L-764CF6A1",
        title="Products of Service Catalog",
        docs=DOCS,
        counts=(each("AWS::ServiceCatalog::CloudFormationProduct"),),
        grade=DefaultGrade.OPEN,
        usage=Call("servicecatalog", "SearchProductsAsAdmin", "ProductViewDetails"),
    ),
)
