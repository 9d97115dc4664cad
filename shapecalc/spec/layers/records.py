"""What a list of layers says, read but not yet written out as equations."""

from typing import NamedTuple

from shapecalc.span import Span
from shapecalc.spec.network import Reference
from shapecalc.spec.shapes import Axis


class Input(NamedTuple):
    """The data; `features` is None where the spec declares the input itself."""

    span: Span
    name: Reference
    features: Axis | None


class Function(NamedTuple):
    """An activation; `options` is what stands behind the value in its call, `, slope=0.1`."""

    span: Span
    name: str
    options: str = ""


class Dense(NamedTuple):
    """A product with a weight, and what may follow: a bias, an activation."""

    span: Span
    units: Axis
    activation: Function | None
    has_bias: bool


class Norm(NamedTuple):
    """A normalisation with a scale, and except for `rms_norm` a shift."""

    span: Span
    name: str
    options: str


class Dropout(NamedTuple):
    """Entries kept by a mask; None for the mask that the layer makes."""

    span: Span
    mask: Reference | None
    options: str


class Loss(NamedTuple):
    """What ends the list: values compared with targets."""

    span: Span
    name: str
    targets: Reference
    options: str


class Repeat(NamedTuple):
    """Layers that come several times."""

    span: Span
    times: int
    layers: "tuple[Layer, ...]"


Layer = Input | Dense | Function | Norm | Dropout | Loss | Repeat
