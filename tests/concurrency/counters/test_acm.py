"""Names of certificates."""

import pytest

from tapctl.concurrency.counters.acm import domain_names
from tapctl.concurrency.counting import Inventory
from tests.support.counted import grouped
from tests.support.templates import stack_tree_of


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        pytest.param("DomainName: a.com", (1, 1), id="the-first-name"),
        pytest.param("DomainName: a.com, SubjectAlternativeNames: [b.com, A.com]", (2, 2), id="different-ones"),
        pytest.param("DomainName: a.com, SubjectAlternativeNames: [!Ref P, !Ref Q]", (1, 3), id="open-ones"),
    ],
)
def test_the_different_names_of_a_certificate_count(properties: str, expected: tuple[int, int]) -> None:
    tree = stack_tree_of(
        "Parameters: {P: {Type: String}, Q: {Type: String}}\nResources:\n"
        f"  C: {{Type: AWS::CertificateManager::Certificate, Properties: {{{properties}}}}}\n"
    )
    (added,) = grouped(domain_names(Inventory(tree), ""))

    assert (added.least, added.most) == expected


def test_a_list_that_only_the_deploy_knows_is_unknown() -> None:
    tree = stack_tree_of(
        "Parameters: {L: {Type: CommaDelimitedList}}\nResources:\n"
        "  C: {Type: AWS::CertificateManager::Certificate, Properties: {SubjectAlternativeNames: !Ref L}}\n"
    )
    (added,) = grouped(domain_names(Inventory(tree), ""))

    assert added.unknown
