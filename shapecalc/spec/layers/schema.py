"""The table of layers → its part of the JSON schema of specs."""

from typing import assert_never

from shapecalc.spec.keys import Json
from shapecalc.spec.layers.kinds import (
    KINDS,
    REDUCTIONS,
    Kind,
    Option,
    Value,
    functions,
    kind_of_function,
)
from shapecalc.spec.layers.options import LAYER_LIMIT

Schema = dict[str, Json]

_NUMBER = r"^\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*$|^[A-Za-z_]\w*$"
_COUNT = r"^0*[1-9][0-9]{0,4}$"
_FLAG = "^(?:true|True|TRUE|false|False|FALSE)$"


def layer_schema() -> Schema:
    """Describe one item of the list: a kind alone, or a kind with its options."""
    named = {name: _of_kind(kind) for name, kind in KINDS.items()}
    others = {name: _of_kind(kind_of_function(name)) for name in functions()}
    alone = [*(name for name, kind in KINDS.items() if not _needed(kind)), *others]
    return {
        "description": "A layer: its kind, `relu`, or its kind with options, `dense: {units: h}`.",
        "examples": ["relu", {"dense": {"units": "h", "activation": "relu"}}, {"dense": "h"}],
        "anyOf": [
            {"enum": alone},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "properties": {**named, **others},
                "additionalProperties": False,
            },
        ],
    }


def layers_schema() -> Schema:
    """Describe a list of layers."""
    return {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/layer"}}


def _needed(kind: Kind) -> list[Json]:
    return [option.name for option in kind.options if option.is_needed]


def _of_kind(kind: Kind) -> Schema:
    """Describe the value of a kind: its options, or the one that stands for itself."""
    options: Schema = {
        "type": "object" if _needed(kind) else ["object", "null"],
        "properties": {each.name: _of_option(each) for each in kind.options},
        "required": _needed(kind),
        "additionalProperties": False,
    }
    short = kind.option(kind.short)
    if short is None:
        return {"description": kind.about, **options}
    return {"description": kind.about, "anyOf": [options, _of_value(short.value)]}


def _of_option(option: Option) -> Schema:
    return {"description": option.about, **_of_value(option.value)}


def _of_value(value: Value) -> Schema:
    match value:
        case Value.NAME:
            return {"$ref": "#/$defs/name"}
        case Value.DIM:
            return {"$ref": "#/$defs/dim"}
        case Value.NUMBER:
            return {"type": ["number", "string"], "pattern": _NUMBER}
        case Value.REDUCTION:
            return {"enum": REDUCTIONS}
        case Value.FLAG:
            return {"type": ["boolean", "string"], "pattern": _FLAG}
        case Value.COUNT:
            limits: Schema = {"minimum": 1, "maximum": LAYER_LIMIT}
            return {"type": ["integer", "string"], **limits, "pattern": _COUNT}
        case Value.FUNCTION:
            return {"enum": [*functions()]}
        case Value.LAYERS:
            return layers_schema()
        case _:
            assert_never(value)
