"""Keeps one comment of the action on a pull request: written, changed in place, and left where nothing changed.

It needs Python's standard library alone. A template that fits gets no comment unless there is one to change. A token
that may not write, as that of a pull request from a fork, is a notice: the verdict does not depend on the comment.
"""

import hashlib
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PAGE = 100
LONGEST = 60_000
"""GitHub refuses a comment of more than 65,536 characters."""


def main() -> None:
    variables = os.environ
    repository = f"{variables['GITHUB_API_URL']}/repos/{variables['GITHUB_REPOSITORY']}"
    # Several runs of the action on one pull request have a comment each.
    marker = f"<!-- tapctl {hashlib.sha256(variables['TARGET'].strip().encode()).hexdigest()[:16]} -->"
    body = f"{marker}\n{shortened(Path(variables['SUMMARY']).read_text(encoding='utf-8'))}"
    comments = f"{repository}/issues/{variables['PULL_REQUEST']}/comments"
    try:
        old = existing(comments, marker)
        if old is None and variables["EXIT_CODE"] != "0":
            call("POST", comments, {"body": body})
        elif old is not None and old["body"] != body:
            call("PATCH", f"{repository}/issues/comments/{old['id']}", {"body": body})
    except urllib.error.URLError as error:
        sys.stdout.write(f"::notice::tapctl could not comment on the pull request: {error}\n")


def shortened(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return text[:LONGEST].rpartition("\n")[0] + "\n\nThe summary of the job has the rest.\n"


def existing(comments: str, marker: str) -> Any:
    """The comment that begins with the marker; None where there is none."""
    number = 1
    while page := call("GET", f"{comments}?per_page={PAGE}&page={number}"):
        for comment in page:
            if (comment["body"] or "").startswith(marker):
                return comment
        if len(page) < PAGE:
            return None
        number += 1
    return None


def call(method: str, url: str, content: Any = None) -> Any:
    headers = {
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "Accept": "application/vnd.github+json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    data = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - the address of GitHub's API
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


if __name__ == "__main__":
    main()
