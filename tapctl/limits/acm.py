"""The limits of Certificate Manager and of private certificate authorities that a deploy can reach."""

from tapctl.limits.row import ABSENT, Call, Limit, counted, each

DOCS = "https://docs.aws.amazon.com/acm/latest/userguide/acm-limits.html"
CERTIFICATE = "AWS::CertificateManager::Certificate"

KEY_TYPES = ("RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1", "EC_secp521r1")
"""Without them only certificates with RSA_2048 are listed."""

_COUNTS = (each(CERTIFICATE, where={"CertificateAuthorityArn": (ABSENT,)}),)
"""Those that a private authority signs do not count."""

_LISTED = Call(
    "acm", "ListCertificates", "CertificateSummaryList[?Type!='PRIVATE']", {"Includes": {"keyTypes": KEY_TYPES}}
)

ROWS = (
    Limit(
        id="acm-certificates",
        key="acm/L-F141DD1D",
        title="ACM certificates",
        docs=DOCS,
        counts=_COUNTS,
        default=2500,
        usage=_LISTED,
    ),
    Limit(
        id="acm-certificates-per-year",
        key="acm/L-DA1D8B98",
        title="ACM certificates created in the last 365 days",
        docs=DOCS,
        counts=_COUNTS,
        default=5000,
        # Older ones are listed, too.
        usage=_LISTED,
        at_most=True,
    ),
    Limit(
        id="acm-names-per-certificate",
        key="acm/L-FB94F0B0",
        title="Domain names per ACM certificate",
        docs=DOCS,
        counts=counted("acm.domain_names", CERTIFICATE),
        default=10,
    ),
    Limit(
        id="acm-pca-authorities",
        key="acm-pca/L-799883CD",
        title="Private certificate authorities",
        docs="https://docs.aws.amazon.com/general/latest/gr/pca.html",
        counts=(each("AWS::ACMPCA::CertificateAuthority"),),
        default=200,
        # A deleted one counts until it can no longer be restored, and is listed until then.
        usage=Call("acm-pca", "ListCertificateAuthorities", "CertificateAuthorities"),
    ),
)
