"""The limits of Elastic Beanstalk that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/general/latest/gr/elasticbeanstalk.html"

ROWS = (
    Limit(
        id="elasticbeanstalk-applications",
        key="elasticbeanstalk/L-1CEABD17",
        title="Elastic Beanstalk applications",
        docs=DOCS,
        counts=(each("AWS::ElasticBeanstalk::Application"),),
        grade=DefaultGrade.OPEN,
        usage=Call("elasticbeanstalk", "DescribeApplications", "Applications"),
    ),
    Limit(
        id="elasticbeanstalk-environments",
        key="elasticbeanstalk/L-8EFC1C51",
        title="Elastic Beanstalk environments",
        docs=DOCS,
        counts=(each("AWS::ElasticBeanstalk::Environment"),),
        grade=DefaultGrade.OPEN,
        usage=Call("elasticbeanstalk", "DescribeEnvironments", "Environments", {"IncludeDeleted": False}),
    ),
)
