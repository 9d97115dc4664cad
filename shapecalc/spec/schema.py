"""The keys of a spec → a JSON schema, so that editors complete, explain and check as one types.

It accepts whatever the reader reads. What takes more than the form of a value, it leaves to
`shapecalc check`: expressions, names that nobody declares, sizes that differ.
"""

import json
from keyword import kwlist
from typing import assert_never

from shapecalc.spec.facts import AXIS_PROPERTIES, CONVENTIONS, LAYOUTS, PLAIN_PROPERTIES, SCALES
from shapecalc.spec.keys import TABLE, Form, Json, Key
from shapecalc.spec.layers.schema import layer_schema, layers_schema
from shapecalc.spec.sizes import DIGIT_LIMIT

Schema = dict[str, Json]

# Of letters, the dialects of patterns know the ASCII ones alone: the others are told by exclusion.
_NOT_IN_NAMES = "\\x00-\\x7f\\sᵀ⁰¹²³⁴-⁹¼-¾·⋅⊙"
_LETTER = f"(?:[A-Za-z_]|[^{_NOT_IN_NAMES}₀-₉])"
_NAME = f"^{_LETTER}(?:[A-Za-z0-9_]|[^{_NOT_IN_NAMES}])*$"
_DIM = f"^\\s*(?:[A-Za-z0-9_(]|[^{_NOT_IN_NAMES}])(?:[-+*/() A-Za-z0-9_⊙]|[^{_NOT_IN_NAMES}])*$"
_NUMBER = r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$|^_$"
_SHAPE = r"^(?:[(\[]|_$)"
_WRITTEN = r"\S"
_PLAIN = rf"^\s*(?:{'|'.join(PLAIN_PROPERTIES)})\s*$"
_ALONG = rf"^\s*(?:{'|'.join(AXIS_PROPERTIES)})\s+axis\s*=\s*-?[0-9]{{1,3}}\s*$"


def schema() -> str:
    """Print the JSON schema of specs, draft 2020-12, in ASCII."""
    tree: Schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "shapecalc spec",
        "description": "A network, and what its author claims of its gradients.",
        "type": "object",
        "properties": {key.name: _of_key(key) for key in TABLE},
        "anyOf": [{"required": ["forward"]}, {"required": ["layers"]}],
        "additionalProperties": False,
        "$defs": {**_PARTS, "layer": layer_schema()},
    }
    return json.dumps(tree, indent=2) + "\n"


def _of_key(key: Key) -> Schema:
    about = f"{key.about} {_ops()}" if key.form is Form.FORWARD else key.about
    return {"description": about, "examples": key.examples, **_of_form(key.form)}


def _of_form(form: Form) -> Schema:
    """Describe the value of a key; each word of a schema binds only what has the type for it."""
    match form:
        case Form.TEXT:
            return {"type": ["string", "number", "boolean", "null"]}
        case Form.NAME:
            return _part("name")
        case Form.SIZES:
            return _numbered(_part("size"))
        case Form.NUMBERS:
            return _numbered(_part("number"))
        case Form.PROPERTIES:
            return _named({"anyOf": [_part("property"), _listed(_part("property"))]})
        case Form.SHAPES | Form.FUNCTIONS:
            return _named(_part("shape" if form is Form.SHAPES else "function"))
        case Form.FORWARD:
            equations = _named(_part("expression"), "object", "string")
            return {**equations, "minProperties": 1, "pattern": _WRITTEN}
        case Form.UPSTREAM:
            gradients = _named({"anyOf": [_part("name"), {"type": "null"}]}, "object")
            return {"anyOf": [_part("name"), _listed(_part("name")), gradients]}
        case Form.CLAIMS:
            claims = _named(_part("expression"), "object", "string", "null", "array")
            return {**claims, "maxItems": 0}
        case Form.LAYOUT | Form.CONVENTION | Form.SCALE:
            words = {Form.LAYOUT: LAYOUTS, Form.CONVENTION: CONVENTIONS, Form.SCALE: SCALES}
            return {"enum": words[form]}
        case Form.LAYERS:
            return layers_schema()
        case _:
            assert_never(form)


def _named(value: Schema, *types: str) -> Schema:
    """Describe a mapping of names to values; unless told otherwise, the section may be empty."""
    return {
        "type": types or ("object", "null"),
        "propertyNames": _part("name"),
        "additionalProperties": value,
    }


def _numbered(value: Schema) -> Schema:
    """Describe names with their numbers, or a list of names alone."""
    mapping = {**_named(value, "object", "array", "null"), "minProperties": 1}
    return {**mapping, "items": _part("name"), "uniqueItems": True}


def _listed(value: Schema) -> Schema:
    return {"type": "array", "items": value}


def _part(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _ops() -> str:
    """List the functions that expressions may call."""
    from shapecalc.ops import OPS
    from shapecalc.ops.names import INFIX_OPS

    called = [name for name in OPS if name not in INFIX_OPS.values()]
    return f"Functions: {', '.join(called)}."


_PARTS: Schema = {
    "name": {
        "description": "A name: letters, digits and `_`, a letter first.",
        "examples": ["W1", "m"],
        "type": ["string", "boolean"],  # `n` and `true` are names; not all YAML readers think so
        "pattern": _NAME,
        "not": {"enum": ["_", *kwlist]},
    },
    "size": {
        "description": "A size: a whole number of at least 1; `_` leaves it open.",
        "examples": [128, "_"],
        "type": ["integer", "string"],
        "minimum": 1,
        "exclusiveMaximum": 10**DIGIT_LIMIT,
        "pattern": _NUMBER,
    },
    "number": {
        "description": "A number; `_` leaves it open.",
        "examples": [0.01, "1e-5", "_"],
        "type": ["number", "string"],
        "pattern": _NUMBER,
    },
    "dim": {
        "description": (
            "The size of an axis: a dim, a number, or a sum, product or quotient of dims; `_` is"
            " inferred."
        ),
        "examples": ["m", 1, "2*h", "d/heads", "_"],
        "type": ["string", "integer", "boolean"],
        "minimum": 1,
        "pattern": _DIM,
    },
    "shape": {
        "description": (
            "A shape: a list of dims. `[]` is a number, `[n]` a vector, `[n, 1]` a column; `_` is"
            " inferred."
        ),
        "examples": [["n", "m"], ["h", 1], [784, 64], [], "(n, m)", "_"],
        "type": ["array", "string"],
        "items": {"$ref": "#/$defs/dim"},
        "pattern": _SHAPE,
    },
    "function": {
        "description": "A differentiable function: of which value, and the shape of its own.",
        "examples": [{"of": "x", "shape": ["k", 1]}],
        "type": "object",
        "properties": {
            "of": {"$ref": "#/$defs/name"},
            "shape": {"allOf": [{"$ref": "#/$defs/shape"}, {"not": {"const": "_"}}]},
        },
        "required": ["of", "shape"],
        "additionalProperties": False,
    },
    "expression": {
        "description": (
            "An expression as NumPy writes it. It needs quotes where it begins with a quote, `*`, "
            "`@`, `[` or `{`, and where it holds `#`."
        ),
        "examples": ["W1 @ X + b1", "dA1 * (Z1 > 0)", "sum(dZ1, axis=1, keepdims=True)"],
        "type": ["string", "number", "boolean"],
        "pattern": _WRITTEN,
    },
    "property": {
        "description": "What is known of a value. `one-hot axis=0`: each column holds a single 1.",
        "examples": ["positive", "one-hot axis=0"],
        "type": "string",
        "anyOf": [
            {"enum": [*PLAIN_PROPERTIES, *(f"{each} axis=0" for each in AXIS_PROPERTIES)]},
            {"pattern": f"{_PLAIN}|{_ALONG}"},
        ],
    },
}
