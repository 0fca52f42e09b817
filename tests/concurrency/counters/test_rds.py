"""The storage of database instances."""

import pytest

from tapctl.concurrency.counters.rds import storage
from tapctl.concurrency.counting import Inventory
from tapctl.unknown import Unknown
from tests.support.templates import stack_tree_of


def amounts(*instances: str) -> list[float | str]:
    """By instance, its GB or the reason why they are unknown."""
    resources = "".join(
        f"  D{index}: {{Type: AWS::RDS::DBInstance, Properties: {{{properties}}}}}\n"
        for index, properties in enumerate(instances)
    )
    tree = stack_tree_of(f"Parameters: {{P: {{Type: String}}}}\nResources:\n{resources}")
    return ["unknown" if isinstance(part.unknown, Unknown) else part.most for part in storage(Inventory(tree), "")]


@pytest.mark.parametrize(
    ("instances", "expected"),
    [
        pytest.param(("AllocatedStorage: '20'",), [20], id="its-own"),
        pytest.param(("AllocatedStorage: 20", "SourceDBInstanceIdentifier: !Ref D0"), [20, 20], id="of-its-source"),
        pytest.param(
            ("AllocatedStorage: 20", "SourceDBInstanceIdentifier: !GetAtt D0.DBInstanceArn"), [20, 20],
            id="of-a-source-by-its-arn",
        ),
        pytest.param(("SourceDBInstanceIdentifier: mine",), ["unknown"], id="of-a-source-in-the-account"),
        pytest.param(("SourceDBInstanceIdentifier: !Ref D0",), ["unknown"], id="of-itself"),
        pytest.param(("DBSnapshotIdentifier: mine",), ["unknown"], id="that-of-a-snapshot"),
        pytest.param(("AllocatedStorage: !Ref P",), ["unknown"], id="of-a-parameter-without-a-value"),
        pytest.param(("Engine: aurora-mysql, AllocatedStorage: 1",), [], id="none-with-aurora"),
        pytest.param(("DBClusterIdentifier: mine",), [], id="none-in-a-cluster"),
    ],
)  # fmt: skip
def test_each_instance_takes_storage(instances: tuple[str, ...], expected: list[float | str]) -> None:
    assert amounts(*instances) == expected
