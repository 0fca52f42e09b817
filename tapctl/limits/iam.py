"""The limits of IAM that a deploy can reach; IAM is global."""

from tapctl.limits.row import Call, Count, DefaultGrade, Limit, each, length, size

DOCS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"

GROUP, POLICY, ROLE, USER = "AWS::IAM::Group", "AWS::IAM::ManagedPolicy", "AWS::IAM::Role", "AWS::IAM::User"
INLINE = "AWS::IAM::Policy"


def _summary(key: str) -> Call:
    """A number of GetAccountSummary, which is exact."""
    return Call("iam", "GetAccountSummary", f"SummaryMap.{key}")


def _account(
    id_: str, code: str, title: str, key: str, type_: str, *, default: int, **more: DefaultGrade | bool
) -> Limit:
    """A limit of the account whose usage and applied value GetAccountSummary gives."""
    return Limit(
        id=id_,
        key=f"iam/{code}",
        title=title,
        docs=DOCS,
        counts=(each(type_),),
        default=default,
        usage=_summary(key),
        quota=_summary(f"{key}Quota"),
        is_global=True,
        **more,  # type: ignore[arg-type] # only a grade and adjustable
    )


def _inside(
    id_: str,
    name: str,
    title: str,
    quota: str,
    counts: tuple[Count, ...],
    *,
    default: int,
    unit: str = "",
    usage: Call | None = None,
) -> Limit:
    """A limit of one role, user, group or policy."""
    return Limit(
        id=id_,
        key=f"iam/{name}",
        title=title,
        docs=DOCS,
        counts=counts,
        default=default,
        unit=unit,
        quota=_summary(quota),
        usage=usage,
        adjustable=name.startswith("L-"),
        is_global=True,
    )


ROWS = (
    _account("iam-roles", "L-FE177D64", "IAM roles", "Roles", ROLE, default=1000),
    _account("iam-managed-policies", "L-E95E4862", "Customer managed IAM policies", "Policies", POLICY, default=1500),
    _account("iam-instance-profiles", "L-6E65F664", "Instance profiles", "InstanceProfiles",
             "AWS::IAM::InstanceProfile", default=1000),
    _account("iam-users", "L-F55AF5E4", "IAM users", "Users", USER,
             default=5000, grade=DefaultGrade.LIKELY, adjustable=False),
    _account("iam-groups", "L-F4A5425F", "IAM groups", "Groups", GROUP, default=300),
    _account("iam-server-certificates", "L-BF35879D", "IAM server certificates", "ServerCertificates",
             "AWS::IAM::ServerCertificate", default=20),
    Limit(
        id="iam-oidc-providers",
        key="iam/L-858F3967",
        title="OpenID Connect providers",
        docs=DOCS,
        counts=(each("AWS::IAM::OIDCProvider"),),
        default=100,
        usage=Call("iam", "ListOpenIDConnectProviders", "OpenIDConnectProviderList"),
        is_global=True,
    ),
    Limit(
        id="iam-saml-providers",
        key="iam/saml-providers",
        title="SAML providers",
        docs=DOCS,
        counts=(each("AWS::IAM::SAMLProvider"),),
        default=100,
        adjustable=False,
        usage=Call("iam", "ListSAMLProviders", "SAMLProviderList"),
        is_global=True,
    ),
    _inside(
        "iam-policies-per-role", "L-0DA4ABF3", "Managed policies per role", "AttachedPoliciesPerRoleQuota",
        (length(ROLE, "ManagedPolicyArns"), each(POLICY, per="Roles")), default=20,
        usage=Call("iam", "ListAttachedRolePolicies", "AttachedPolicies", parent="RoleName"),
    ),
    _inside(
        "iam-policies-per-user", "L-4019AD8B", "Managed policies per user", "AttachedPoliciesPerUserQuota",
        (length(USER, "ManagedPolicyArns"), each(POLICY, per="Users")), default=10,
        usage=Call("iam", "ListAttachedUserPolicies", "AttachedPolicies", parent="UserName"),
    ),
    _inside(
        "iam-policies-per-group", "L-384571C4", "Managed policies per group", "AttachedPoliciesPerGroupQuota",
        (length(GROUP, "ManagedPolicyArns"), each(POLICY, per="Groups")), default=10,
        usage=Call("iam", "ListAttachedGroupPolicies", "AttachedPolicies", parent="GroupName"),
    ),
    _inside(
        "iam-groups-per-user", "groups-per-user", "Groups per user", "GroupsPerUserQuota",
        (length(USER, "Groups"), each("AWS::IAM::UserToGroupAddition", per="Users")), default=10,
        usage=Call("iam", "ListGroupsForUser", "Groups", parent="UserName"),
    ),
    _inside(
        "iam-policy-size", "policy-size", "Length of a managed policy", "PolicySizeQuota",
        (size(POLICY, "PolicyDocument"),), default=6144, unit="characters",
    ),
    _inside(
        "iam-role-inline-size", "role-inline-size", "Length of a role's inline policies", "RolePolicySizeQuota",
        (
            size(ROLE, "Policies.PolicyDocument"),
            size(INLINE, "PolicyDocument", per="Roles"),
            size("AWS::IAM::RolePolicy", "PolicyDocument", per="RoleName"),
        ), default=10_240, unit="characters",
    ),
    _inside(
        "iam-user-inline-size", "user-inline-size", "Length of a user's inline policies", "UserPolicySizeQuota",
        (size(USER, "Policies.PolicyDocument"), size(INLINE, "PolicyDocument", per="Users")), default=2048,
        unit="characters",
    ),
    _inside(
        "iam-group-inline-size", "group-inline-size", "Length of a group's inline policies", "GroupPolicySizeQuota",
        (size(GROUP, "Policies.PolicyDocument"), size(INLINE, "PolicyDocument", per="Groups")), default=5120,
        unit="characters",
    ),
    _inside(
        "iam-trust-policy-size", "L-C07B4B0D", "Length of a role's trust policy", "AssumeRolePolicySizeQuota",
        (size(ROLE, "AssumeRolePolicyDocument"),), default=2048,
        unit="characters",
    ),
    Limit(
        id="iam-tags-per-role",
        key="iam/tags-per-role",
        title="Tags per role",
        docs=DOCS,
        counts=(length(ROLE, "Tags"),),
        default=50,
        adjustable=False,
        is_global=True,
    ),
)  # fmt: skip
