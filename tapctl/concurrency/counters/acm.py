"""The domain names of certificates."""

from collections.abc import Iterator

from tapctl.concurrency.counting import Inventory, Parent, Part
from tapctl.template.values import NO_VALUE
from tapctl.unknown import Unknown


def domain_names(inventory: Inventory, _: str) -> Iterator[Part]:
    """The different names of each certificate; the first is often among the alternative ones, too."""
    for item in inventory.of("AWS::CertificateManager::Certificate"):
        others = item.value("SubjectAlternativeNames")
        listed = others if isinstance(others, list) else []
        names = [name for name in (item.value("DomainName"), *listed) if name is not NO_VALUE]
        known = {str(name).lower() for name in names if not isinstance(name, Unknown)}
        open_ = sum(isinstance(name, Unknown) for name in names)
        unknown = others if isinstance(others, Unknown) else None
        yield item.part(max(len(known), 1), len(known) + open_, Parent(item.name, in_template=True), unknown)
