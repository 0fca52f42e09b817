"""Random damage to a file: to the bytes of its text, or to the structure that it has."""

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

import yaml

from tapctl.errors import TapctlError
from tapctl.template.parse import parse

CONTROLS = ("\x00", "\x07", "\x1b[31m", "\x1b]0;T\x07", "\x9b1m", "\r", "\u2028", "\u202e", "\ud800", "\n::error::x")
TEXTS = (
    *(
        "",
        " ",
        "-1",
        "0",
        "1e3",
        "1_000",
        "0x10",
        "٣",
        "true",
        "null",
        "NaN",
        "*",
        "${",
        "${}",
        "${AWS::Region}",
        "a" * 5000,
    ),
    *(
        "${!Literal}",
        "${A.B.C}",
        "{{resolve:ssm:/a}}",
        "{{resolve:",
        "arn:aws:lambda",
        ".",
        "..",
        "../..",
        "/",
        "/dev/zero",
    ),
    *("https://example.com/t.yaml", "s3://bucket/key", "AWS::NoValue", "AWS::StackId", "Fn", "Live", *CONTROLS),
)
NUMBERS = (
    0,
    -1,
    1,
    2**31,
    2**63,
    10**400,
    0.5,
    -0.0,
    1e308,
    float("inf"),
    float("-inf"),
    float("nan"),
    True,
    False,
    None,
)
TYPES = (
    *("AWS::Lambda::Function", "AWS::Lambda::Alias", "AWS::Lambda::Version", "AWS::Lambda::EventSourceMapping"),
    *(
        "AWS::Serverless::Function",
        "AWS::Serverless::Api",
        "AWS::Serverless::Application",
        "AWS::Serverless::SimpleTable",
    ),
    *("AWS::CloudFormation::Stack", "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::IAM::Role", "Custom::Any"),
    *("AWS::CloudFormation::CustomResource", "My::Own::Thing::MODULE", "AWS::S3::Bucket", "AWS::SQS::Queue", "Nothing"),
)
EMPTY: tuple[Any, ...] = ([], {}, "", [[]], [{}], {"": {}})
KEYS = (
    *(
        "Fn::Transform",
        "Fn::ForEach::Loop",
        "Fn::If",
        "Fn::Sub",
        "Fn::GetAtt",
        "Fn::FindInMap",
        "Fn::Select",
        "Fn::Nothing",
    ),
    *(
        "Ref",
        "Condition",
        "Type",
        "Properties",
        "Default",
        "DefaultValue",
        "Globals",
        "Transform",
        "Resources",
        "Outputs",
    ),
    *(
        "ReservedConcurrentExecutions",
        "ProvisionedConcurrencyConfig",
        "AutoPublishAlias",
        "Location",
        "<<",
        "",
        "a.b",
        "1",
    ),
    *(
        "DeletionPolicy",
        "UpdateReplacePolicy",
        "Parameters",
        "Export",
        "Name",
        "Rules",
        "Mappings",
        "Events",
        *CONTROLS,
    ),
)
TRANSFORMS: tuple[Any, ...] = (
    *("AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::Include", "Own", None, [], {}),
    ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"],
    ["AWS::Serverless-2016-10-31", {"Name": "Own", "Parameters": {}}],
    {"Name": "AWS::Include", "Parameters": {"Location": "damaged.yaml"}},
)


def damaged(rng: Random, text: str, other: str) -> bytes:
    """The text with a few changes, mostly of its structure; `other` is where a graft comes from."""
    body = _value(text)
    if body is None or rng.random() < 0.2:
        return _damaged_text(rng, text, other)
    try:
        for _ in range(rng.choice([1, 1, 2, 3])):
            body = rng.choice(CHANGES)(rng, body, _value(other))
        written = _written(rng, body)
    except RecursionError:  # grafted into itself
        return _damaged_text(rng, text, other)
    return _damaged_text(rng, written, other) if rng.random() < 0.1 else written.encode(errors="surrogatepass")


def _value(text: str) -> Any:
    try:
        return copy.deepcopy(parse(text, "seed.yaml").value)
    except TapctlError:
        return None


def _written(rng: Random, body: Any) -> str:
    if rng.random() < 0.5:
        try:
            return yaml.safe_dump(
                body, allow_unicode=rng.random() < 0.5, default_flow_style=rng.choice([None, True, False])
            )
        except (yaml.YAMLError, UnicodeError, RecursionError):
            pass
    return json.dumps(body, indent=rng.choice([None, 1]), ensure_ascii=rng.random() < 0.5)


def _damaged_text(rng: Random, text: str, other: str) -> bytes:
    data = bytearray(text.encode(errors="surrogatepass"))
    for _ in range(rng.randint(1, 4)):
        begin = rng.randrange(len(data) + 1)
        end = min(len(data), begin + int(rng.expovariate(0.1)))
        match rng.choice(["flip", "cut", "repeat", "insert", "graft", "truncate", "indent"]):
            case "flip" if begin < len(data):
                data[begin] = rng.choice(
                    [data[begin] ^ 1 << rng.randrange(8), rng.randrange(256), *b"\"'{}[]:,&*!|>-#\t\n "]
                )
            case "cut":
                del data[begin:end]
            case "repeat":
                data[begin:begin] = data[begin:end] * rng.choice([1, 1, 2, 500])
            case "insert":
                word = rng.choice(
                    [*TEXTS, *KEYS, "!Ref ", "!Sub ", "&a ", "*a", "<<: *a\n", "---\n", "%YAML 9\n", "[" * 300]
                )
                data[begin:begin] = word.encode(errors="surrogatepass")
            case "graft":
                cut = rng.randrange(len(other) + 1)
                data[begin:end] = other[cut : cut + 200].encode()
            case "truncate" if rng.random() < 0.3:
                del data[begin:]
            case _:
                data[begin:begin] = b" " * rng.randint(1, 3)
    return bytes(data)


Place = tuple[Any, Any]
"""A container and the key or index of one of its values."""


def _places(body: Any) -> list[Place]:
    """Every place of a value, those of the outer containers first."""
    found: list[Place] = []
    waiting = [body]
    for container in waiting:
        keys = (
            container if isinstance(container, dict) else range(len(container)) if isinstance(container, list) else ()
        )
        for key in keys:
            found.append((container, key))
            waiting.append(container[key])
        if len(found) > 3000:
            break
    return found


def _any_place(rng: Random, body: Any) -> Place | None:
    """A place; near the top as often as anywhere."""
    found = _places(body)
    if not found:
        return None
    return found[int(len(found) * rng.random() ** rng.choice([1, 3]))]


def _odd(rng: Random, body: Any, depth: int = 2) -> Any:
    """A value that a template should not have at most places."""
    kind = rng.choice(["text", "number", "empty", "type", "intrinsic", "intrinsic", "deep", "many"])
    if kind == "intrinsic" and depth:
        return _intrinsic(rng, body, depth)
    if kind == "deep":
        value: Any = 1
        for _ in range(rng.choice([3, 30, 190, 250])):
            value = [value] if rng.random() < 0.5 else {"a": value}
        return value
    if kind == "many":
        return [rng.choice(TEXTS) for _ in range(rng.choice([3, 600]))]
    return rng.choice({"number": NUMBERS, "empty": EMPTY, "type": TYPES}.get(kind, TEXTS))


def _intrinsic(rng: Random, body: Any, depth: int) -> Any:
    def odd() -> Any:
        return _odd(rng, body, depth - 1) if rng.random() < 0.7 else _name(rng, body)

    name = _name(rng, body)
    kinds: list[Callable[[], Any]] = [
        lambda: {"Ref": name},
        lambda: {"Fn::GetAtt": rng.choice([[name, "Arn"], f"{name}.Arn", [name], odd()])},
        lambda: {"Fn::If": rng.choice([[name, odd(), odd()], [odd()], odd()])},
        lambda: {"Fn::Sub": rng.choice([f"${{{name}}}", ["${a}", {"a": odd()}], [odd(), odd()], odd()])},
        lambda: {"Fn::Join": rng.choice([["", [odd(), odd()]], [",", odd()], odd()])},
        lambda: {"Fn::Select": rng.choice([[0, [odd()]], [odd(), odd()], odd()])},
        lambda: {"Fn::Split": rng.choice([[",", odd()], ["", "a"], [odd(), odd()], odd()])},
        lambda: {"Fn::FindInMap": rng.choice([[name, odd(), odd()], [name, "a", "b", {"DefaultValue": odd()}], odd()])},
        lambda: {"Fn::Cidr": [odd(), odd(), odd()]},
        lambda: {"Fn::Base64": odd()},
        lambda: {"Fn::ImportValue": odd()},
        lambda: {"Fn::Length": odd()},
        lambda: {"Fn::ToJsonString": odd()},
        lambda: {"Fn::GetAZs": odd()},
        lambda: {"Fn::Equals": [odd(), odd()]},
        lambda: {"Fn::Or": [odd(), {"Condition": name}]},
        lambda: {"Condition": name},
        lambda: {"Fn::Transform": rng.choice(TRANSFORMS)},
        lambda: {"Fn::ForEach::Loop": rng.choice([["X", ["a", "b"], {"A${X}": odd()}], ["X", odd(), odd()], odd()])},
        lambda: {rng.choice(KEYS): odd()},
    ]
    return rng.choice(kinds)()


def _name(rng: Random, body: Any) -> str:
    """The name of an entry of the template, or another."""
    sections = [entries for entries in body.values() if isinstance(entries, dict)] if isinstance(body, dict) else []
    names = [name for entries in sections for name in entries if isinstance(name, str)]
    return rng.choice([*names, "AWS::Region", "AWS::NoValue", rng.choice(TEXTS)])


def _replace(rng: Random, body: Any, _: Any) -> Any:
    place = _any_place(rng, body)
    if place is None:
        return _odd(rng, body)
    place[0][place[1]] = _odd(rng, body)
    return body


def _wrap(rng: Random, body: Any, _: Any) -> Any:
    if place := _any_place(rng, body):
        value = place[0][place[1]]
        wrapped = ({rng.choice(KEYS): value}, [value], {"Fn::If": [_name(rng, body), value, {"Ref": "AWS::NoValue"}]})
        place[0][place[1]] = rng.choice(wrapped)
    return body


def _rename(rng: Random, body: Any, _: Any) -> Any:
    maps = [place for place in _places(body) if isinstance(place[0], dict)]
    if maps:
        container, key = rng.choice(maps)
        container[rng.choice([*KEYS, *TEXTS, f"{key}x", _name(rng, body)])] = container.pop(key)
    return body


def _delete(rng: Random, body: Any, _: Any) -> Any:
    if place := _any_place(rng, body):
        del place[0][place[1]]
    return body


def _graft(rng: Random, body: Any, other: Any) -> Any:
    here, there = _any_place(rng, body), _any_place(rng, rng.choice([body, other]))
    if here and there:
        here[0][here[1]] = copy.deepcopy(there[0][there[1]])
    return body


def _retype(rng: Random, body: Any, _: Any) -> Any:
    resources = body.get("Resources") if isinstance(body, dict) else None
    if isinstance(resources, dict) and resources:
        entry = resources[rng.choice(list(resources))]
        if isinstance(entry, dict):
            entry["Type"] = rng.choice([*TYPES, _odd(rng, body)])
    return body


def _transform(rng: Random, body: Any, _: Any) -> Any:
    if isinstance(body, dict):
        body[rng.choice(["Transform", "Transform", "Fn::Transform"])] = rng.choice(TRANSFORMS)
    return body


CHANGES: tuple[Callable[[Random, Any, Any], Any], ...] = (
    *(_replace, _replace, _replace, _wrap, _rename, _delete, _graft, _retype, _transform),
)
