"""A preflight of a fleet against an AWS that answers after 50 ms, and the naive way: a session for each cell.

    python -m benchmarks.fleet [--accounts 1000] [--naive 25]

The naive way reads as many cells with as many threads, but for each it makes a session and clients; it is measured on
few accounts and scaled up. Budgets: 90 s and 300 MB for 1,000 accounts in four Regions, at most one AssumeRole for each
account, one read for each cell, and ten times the cells in at most 11 times the time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import Command, Cost, measure
from tests.support.fleet_service import HUB

ROOT = Path(__file__).resolve().parent.parent
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1", "us-west-2")
LATENCY_MS = 50
THREADS = 16
TEMPLATE = {
    "Resources": {
        "Webhook": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "Handler": "index.handler",
                "Runtime": "python3.13",
                "Role": "arn:aws:iam::111111111111:role/orders",
                "Code": {"ZipFile": "pass"},
                "ReservedConcurrentExecutions": 100,
            },
        }
    }
}


def account_ids(count: int) -> list[str]:
    return [f"{100_000_000_000 + number}" for number in range(count)]


@contextmanager
def service() -> Iterator[str]:
    """The address of the AWS, which runs in a process of its own."""
    command = [sys.executable, "-m", "tests.support.fleet_service", str(LATENCY_MS)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        yield f"http://127.0.0.1:{int(next(iter(process.stdout or ())))}"
    finally:
        process.terminate()
        process.communicate()


def preflight(folder: Path, accounts: int) -> Command:
    """The command for a fleet of this many accounts, in a folder with its template and configuration."""
    own = folder / str(accounts)
    own.mkdir()
    (own / "t.json").write_text(json.dumps(TEMPLATE))
    config = f"[fleet.all]\nregions = {json.dumps(REGIONS)}\nread_role = 'read'\n"
    (own / "tapctl.toml").write_text(f"{config}accounts = {json.dumps(account_ids(accounts))}\n")
    arguments = ("preflight", str(own / "t.json"), "--config", str(own / "tapctl.toml"), "--targets", "all")
    written = ("--no-lint", "--format", "json", "--output", str(own / "fleet.json"))
    return Command((sys.executable, "-m", "tapctl", *arguments, *written), environment(folder))


def environment(folder: Path) -> Mapping[str, str]:
    nowhere = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    keys = {"AWS_ACCESS_KEY_ID": HUB, "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": REGIONS[0]}
    return {**nowhere, **keys, "TAPCTL_STATE_DIR": str(folder / "state"), "PYTHONPATH": str(ROOT)}


def counts(address: str) -> dict[str, int]:
    """How often each operation was asked for, without those by account."""
    with urllib.request.urlopen(f"{address}/counts") as answer:  # noqa: S310 - our own server
        return {name: count for name, count in json.load(answer).items() if " " not in name}


def naive(accounts: int) -> None:
    """Read the same of every cell, with a session and clients for each."""
    import boto3

    def read(cell: tuple[str, str]) -> None:
        account, region = cell
        hub = boto3.Session(region_name=region).client("sts")
        keys = hub.assume_role(RoleArn=f"arn:aws:iam::{account}:role/read", RoleSessionName="naive")
        session = boto3.Session(
            keys["Credentials"]["AccessKeyId"],
            keys["Credentials"]["SecretAccessKey"],
            keys["Credentials"]["SessionToken"],
            region_name=region,
        )
        session.client("lambda").get_account_settings()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(read, [(account, region) for account in account_ids(accounts) for region in REGIONS]))


def line(title: str, cost: Cost, note: str = "") -> str:
    return f"{title:<44} {cost.seconds:8.1f} s {cost.processor:8.1f} s {cost.megabytes:7.0f} MB  {note}"


def run(folder: Path, accounts: int, naive_accounts: int) -> Iterator[str]:
    """The lines of the table."""
    yield f"{'':<44} {'elapsed':>10} {'processor':>10} {'memory':>10}"
    costs = {}
    for count in (accounts // 10, accounts):
        with service() as address:
            command = preflight(folder, count)
            command = Command(command.arguments, {**command.environment, "AWS_ENDPOINT_URL": address})
            costs[count] = measure({"fleet": command}, 1)["fleet"][0]
            asked = counts(address)
        cells = json.loads((folder / str(count) / "fleet.json").read_text())["cells"]
        fit = sum(cell["verdict"] == "fits" for cell in cells)
        note = f"{fit:,} of {len(cells):,} cells fit; {', '.join(f'{name} {n:,}' for name, n in asked.items())}"
        yield line(f"preflight, {count:,} accounts x {len(REGIONS)} Regions", costs[count], note)
    ratio = costs[accounts].seconds / costs[accounts // 10].seconds
    yield f"ten times the cells: {ratio:.1f} times the time (budget 11)"
    with service() as address:
        program = (sys.executable, "-m", "benchmarks.fleet", "--only-naive", str(naive_accounts))
        asked_of = {**environment(folder), "AWS_ENDPOINT_URL": address}
        cost = measure({"naive": Command(program, asked_of)}, 1)["naive"][0]
        read = counts(address)["GetAccountSettings"]
    scaled = cost.seconds * accounts / naive_accounts
    note = f"{read:,} cells read; scaled up: {scaled:,.0f} s"
    yield line(f"naive, {naive_accounts} accounts x {len(REGIONS)} Regions", cost, note)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--naive", type=int, default=25)
    parser.add_argument("--only-naive", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only_naive:
        naive(arguments.only_naive)
        return
    with tempfile.TemporaryDirectory() as folder:
        for text in run(Path(folder), arguments.accounts, arguments.naive):
            print(text, flush=True)


if __name__ == "__main__":
    main()
