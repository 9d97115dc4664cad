"""The JSON schema of specs: it says what the reader says, wherever the form of a value decides."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from shapecalc import api
from shapecalc.parsing import is_name
from shapecalc.spec import read_network
from shapecalc.spec.facts import AXIS_PROPERTIES, CONVENTIONS, LAYOUTS, PLAIN_PROPERTIES
from shapecalc.spec.keys import KEYS, TABLE, Key
from shapecalc.spec.layers.kinds import KINDS
from shapecalc.spec.reader import _LATER_KEYS
from shapecalc.spec.schema import schema
from shapecalc.spec.start import starting_spec

SPECS = sorted((Path(__file__).resolve().parent.parent / "specs").glob("*.yaml"))
SCHEMA: dict[str, Any] = json.loads(schema())
VALIDATOR = Draft202012Validator(SCHEMA)

BASE = "dims: {n: 7, h: 5, m: 3}\ninputs: {x: [n, m]}\nforward: {J: sum(x)}\n"
ACCEPTED = """\
name: Two layers
name: 5
name: true
name:
dims: {n: 7, m: '3'}
dims: {n: 1e3, m: 12.0, h: +5}
dims: [n, h, m]
dims: [n, y, m]
dims: []
dims:
constants: {eps: 1.0e-5, a: .5, b: -2, c: 7., d: '1e-5'}
constants: [eps]
assume: {x: positive}
assume: {x: ' positive '}
assume: {x: [positive, unit-interval]}
assume: {x: one-hot axis=0}
assume: {x: probabilities axis = -1}
assume: {x: []}
assume:
batch: m
batch: Größe
inputs: {x: [n, m]}
inputs: {x: "(n, m)"}
inputs: {x: "[n, m]"}
inputs: {x: []}
inputs: {x: (n)}
inputs: {x: [2*h - 1, n + m, (n + 1)*h, h⊙h]}
inputs: {x: [1, n]}
inputs: {x1: [n], δx: [n], xᵢ: [n], Größe: [n], x₁: [n], _x: [n]}
inputs:
params: {W: [h, n]}
params:
functions: {u: {of: x, shape: []}, f: {of: u, shape: "(h, 1)"}}
functions:
forward: {J: sum(x)}
forward: {J: 5}
forward: {J: 1.5}
forward: {J: True}
forward: J = sum(x)
forward: "Z = 2 * x\\nJ = sum(Z)"
loss: J
loss: true
upstream: J
upstream: [J]
upstream: [J, x]
upstream: []
upstream: {J: G}
upstream: {J: }
shapes: {J: []}
shapes:
gradients: {dx: 2 * x}
gradients: dx = ones(n, m)
gradients: {dx: 1}
gradients: {}
gradients: []
gradients: ""
gradients:
layout: numerator
convention: rows
dims: {n: 7, m: _}
layers: [{input: x}, relu]
layers: [{input: {name: x, features: n}}, {dense: {units: 2*h, activation: tanh, bias: false}}]
layers: [{input: {features: 784}}, {dense: 128}, {dense: {units: 10, bias: 'true'}}]
layers: [{input: }, {dense: h}, {activation: relu}, {leaky_relu: {slope: 0.2}}, {softmax: }]
layers: [input, dropout, {dropout: 0.5}, {dropout: {p: 1e-1, mask: M}}]
layers: [input, layer_norm, {batch_norm: }, {rms_norm: {eps: eps}}]
layers: [input, {repeat: {times: 3, layers: [{dense: h}, {repeat: {times: '2', layers: [relu]}}]}}]
layers: [input, {softmax_cross_entropy: Y}]
layers: [input, {mse: {targets: Y, reduction: sum}}]
""".splitlines()
REFUSED = """\
foward: {J: sum(x)}
functions: [u]
functions: {u: x}
functions: {u: {of: x}}
functions: {u: {shape: [n]}}
functions: {u: {of: x, shape: _}}
functions: {u: {of: x, shape: n}}
functions: {u: {of: [x], shape: [n]}}
functions: {u: {of: x, shape: [], name: u}}
functions: {if: {of: x, shape: []}}
Name: Two layers
scales: 5
'': 5
5: x
on: x
name: [Two, layers]
name: {a: b}
dims: n
dims: 5
dims: {}
dims: {n: [7]}
dims: {n: seven}
dims: {n: true}
dims: {n: {size: 7}}
dims: {n: 1_000}
dims: {n, h}
dims: {n: 7, m:3}
dims: [n, 5]
dims: [[n]]
dims: {lambda: 3}
dims: {_: 3}
dims: {2n: 3}
dims: {'n m': 3}
dims: {nᵀ: 3}
dims: {n²: 3}
constants: {eps: small}
constants: {eps: [1]}
constants: {}
constants: 5
constants: [eps, 5]
assume: positive
assume: [positive]
assume: {x: positiv}
assume: {x: one-hot}
assume: {x: positive axis=0}
assume: {x: one-hot axis=i}
assume: {x: {positive: true}}
assume: {x: [positive, [binary]]}
assume: {x: }
assume: {x y: positive}
batch: 5
batch: [m]
batch: {m: 3}
batch: n m
batch:
inputs: [x]
inputs: x
inputs: {x: n}
inputs: {x: 5}
inputs: {x: }
inputs: {x: n m}
inputs: {x: ' [n, m]'}
inputs: {x: [[n, m]]}
inputs: {x: [n, [m]]}
inputs: {x: {n: m}}
inputs: {x: [{n: m}]}
inputs: {x: [1.5]}
inputs: {x: [-n]}
inputs: {x: [n.T]}
inputs: {x: ['n > m']}
inputs: {x.y: [n]}
inputs: {₁x: [n]}
params: {W: h}
forward:
forward: {}
forward: []
forward: ""
forward: [J = sum(x)]
forward: {J: [sum(x)]}
forward: {J: {sum: x}}
forward: {J 1: sum(x)}
forward: {J(x): sum(x)}
loss: [J]
loss: {J: 1}
loss: 5
loss: J + J
loss:
upstream: 5
upstream: {J: 5}
upstream: {J: [G]}
upstream: [[J]]
upstream: dJ / dx
upstream:
shapes: {J: n}
shapes: [J]
gradients: [dx]
gradients: {dx: [1]}
gradients: {d x: 1}
layout: Numerator
layout: both
layout: [numerator]
layout:
convention: column
convention: [rows]
convention:
layers:
layers: []
layers: relu
layers: {dense: h}
layers: [input, dense]
layers: [input, {dense: }]
layers: [input, {dense: {}}]
layers: [input, {dense: [h]}]
layers: [input, {dense: {activation: relu}}]
layers: [input, {dense: {units: h, size: 3}}]
layers: [input, {dense: {units: h, bias: yes}}]
layers: [input, {dense: {units: [h]}}]
layers: [input, {dense: h, relu: }]
layers: [input, dense(128)]
layers: [input, rellu]
layers: [input, [relu]]
layers: [input, {dens: h}]
layers: [input, {relu: 3}]
layers: [input, {relu: {slope: 0.1}}]
layers: [input, {layer_norm: {axis: 0}}]
layers: [input, {activation: }]
layers: [input, {dropout: {p: [0.5]}}]
layers: [input, {repeat: {times: 0, layers: [relu]}}]
layers: [input, {repeat: {times: 3}}]
layers: [input, {repeat: {times: 3, layers: []}}]
layers: [input, {repeat: {times: 3, layers: [rellu]}}]
layers: [input, softmax_cross_entropy]
layers: [input, {mse: {targets: [Y]}}]
""".splitlines()


def spec_with(line: str) -> str:
    """Return the base with one of its lines replaced by another, or with one line more."""
    key = line.partition(":")[0]
    return re.sub(rf"(?m)^{re.escape(key)}:.*\n", "", BASE) + line + "\n"


def refused_by_reader(text: str) -> bool:
    """Say whether the reader finds an unknown key or a wrong type."""
    _, findings = read_network(text, "a.yaml")
    return any(finding.code in {"SC203", "SC204"} for finding in findings)


class CoreLoader(yaml.SafeLoader):
    """What an editor sees: YAML 1.2, where `on` is text, `1e3` a number, `1_000` none."""


CoreLoader.yaml_implicit_resolvers = {}
for tag, pattern, firsts in (
    ("null", r"null|Null|NULL|~|", "nN~"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+.0123456789"),
):
    CoreLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{tag}", re.compile(rf"(?:{pattern})\Z"), [*firsts, ""]
    )


def refused_by_schema(text: str) -> bool:
    return not VALIDATOR.is_valid(yaml.load(text, CoreLoader))  # noqa: S506 (a safe loader)


def validator_of(part: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/$defs/{part}", "$defs": SCHEMA["$defs"]})


def test_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_is_ascii_so_that_any_output_can_carry_it() -> None:
    assert schema().isascii()


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_accepts_the_specs_that_ship(path: Path) -> None:
    VALIDATOR.validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_accepts_the_starting_spec() -> None:
    VALIDATOR.validate(yaml.safe_load(starting_spec()))


@pytest.mark.parametrize("line", ACCEPTED)
def test_accepts_what_the_reader_reads(line: str) -> None:
    assert not refused_by_reader(spec_with(line))
    assert not refused_by_schema(spec_with(line))


@pytest.mark.parametrize("line", REFUSED)
def test_refuses_what_the_reader_refuses(line: str) -> None:
    assert refused_by_reader(spec_with(line))
    assert refused_by_schema(spec_with(line))


def test_a_spec_needs_forward_or_layers() -> None:
    assert refused_by_schema("dims: {n: 7}\n")
    assert not refused_by_schema(BASE)
    assert not refused_by_schema("layers: [{input: X}, relu]\n")


@pytest.mark.parametrize("size", ["0", "-4", "1.5", f"1{'0' * 18}"])
def test_refuses_sizes_that_the_reader_refuses(size: str) -> None:
    text = spec_with(f"dims: {{n: {size}, m: 3}}")
    _, findings = read_network(text, "a.yaml")
    assert [finding.code for finding in findings] in (["SC308"], ["SC901"])
    assert refused_by_schema(text)


def test_has_the_keys_of_the_reader_and_none_that_are_planned() -> None:
    assert tuple(SCHEMA["properties"]) == KEYS
    assert not SCHEMA["properties"].keys() & _LATER_KEYS.keys()


@pytest.mark.parametrize(
    "name", [*PLAIN_PROPERTIES, *(f"{each} axis=0" for each in AXIS_PROPERTIES)]
)
def test_offers_each_property_for_completion(name: str) -> None:
    assert name in SCHEMA["$defs"]["property"]["anyOf"][0]["enum"]


def test_offers_each_layout_for_completion() -> None:
    assert SCHEMA["properties"]["layout"]["enum"] == list(LAYOUTS)


def test_offers_each_convention_for_completion() -> None:
    assert SCHEMA["properties"]["convention"]["enum"] == list(CONVENTIONS)


def test_offers_and_explains_each_kind_of_layer() -> None:
    _, with_options = SCHEMA["$defs"]["layer"]["anyOf"]
    for name, kind in KINDS.items():
        assert with_options["properties"][name]["description"] == kind.about
    assert "relu" in with_options["properties"]


def test_forward_names_the_functions_that_it_may_call() -> None:
    about = SCHEMA["properties"]["forward"]["description"]
    for function in ("relu", "softmax", "cross_entropy", "sum"):
        assert function in about.partition("Functions: ")[2]


@given(st.text(max_size=8) | st.from_regex(r"\A[\w₁ᵀ²·]{1,4}\Z"))
def test_a_name_is_one_to_both(text: str) -> None:
    """What the pattern cannot exclude is a matter of signs outside ASCII: `€` is no letter."""
    is_one = validator_of("name")
    if is_name(text) and text != "_":
        assert is_one.is_valid(text)
    elif text.isascii():
        assert not is_one.is_valid(text)


DESCRIBED: dict[str, Any] = {**SCHEMA["properties"], **SCHEMA["$defs"]}


@pytest.mark.parametrize("name", list(DESCRIBED))
def test_says_what_each_key_and_each_part_is_for_with_an_example(name: str) -> None:
    assert re.fullmatch(r"[A-Z].+\.", DESCRIBED[name]["description"])
    assert DESCRIBED[name]["examples"]


@pytest.mark.parametrize("name", list(SCHEMA["$defs"]))
def test_examples_of_a_part_are_of_its_kind(name: str) -> None:
    for example in SCHEMA["$defs"][name]["examples"]:
        validator_of(name).validate(example)


FIRST: dict[str, Any] = {key.name: key.examples[0] for key in TABLE}


def spec_of(values: Mapping[str, Any]) -> str:
    """Write a spec as JSON, which is YAML."""
    return "".join(f"{key}: {json.dumps(value)}\n" for key, value in values.items())


@pytest.mark.parametrize(
    ("key", "example"),
    [(key, example) for key in TABLE for example in key.examples],
    ids=lambda given: given.name if isinstance(given, Key) else None,
)
def test_examples_of_a_key_are_read(key: Key, example: object) -> None:
    text = spec_of({**FIRST, key.name: example})
    _, findings = read_network(text, "a.yaml")
    assert [finding for finding in findings if finding.code.startswith("SC2")] == []
    assert not refused_by_schema(text)


def test_first_examples_together_are_a_network_whose_claims_hold() -> None:
    """Without what would stand for the loss or the equations, and what is of no use here."""
    left_out = {"upstream", "constants", "functions", "layers", "convention"}
    report = api.check(spec_of({k: v for k, v in FIRST.items() if k not in left_out}), "a.yaml")
    assert report.findings == ()
    assert {claim.verdict for claim in report.claims} == {"right"}
