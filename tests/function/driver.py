"""Runs the real handler in a separate process: events come in as JSON lines, answers go out, `threads` at a time."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "function"))


def main(threads: int) -> None:
    out, sys.stdout = sys.stdout, sys.stderr  # what the function prints is its log
    import index

    events = [json.loads(line) for line in sys.stdin]
    with ThreadPoolExecutor(threads) as pool:
        for answer in pool.map(lambda event: index.handler(event, None), events):
            out.write(json.dumps(answer) + "\n")
            out.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
