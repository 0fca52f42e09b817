"""Writes tapctl/limits/instance_types.txt, the vCPU of every EC2 instance type, from moto's DescribeInstanceTypes.

moto is no dependency: run it as `uv run --with moto docs/instance_types.py`.
"""

import gzip
import json
from collections import defaultdict
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "tapctl" / "limits" / "instance_types.txt"


def main() -> None:
    packed = files("moto.ec2").joinpath("resources/instance_types.json.gz").read_bytes()
    families: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for name, answer in json.loads(gzip.decompress(packed)).items():
        family, _, size = name.partition(".")
        families[family].append((answer["VCpuInfo"]["DefaultVCpus"], size))
    lines = [
        f"# vCPU of EC2 instance types: VCpuInfo.DefaultVCpus of DescribeInstanceTypes, as in moto {version('moto')}",
        f"# (moto/ec2/resources/instance_types.json.gz); written {datetime.now(UTC):%Y-%m-%d}",
        *(
            f"{family} {' '.join(f'{size}={count}' for count, size in sorted(sizes))}"
            for family, sizes in sorted(families.items())
        ),
    ]
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
