"""What terms hold their index labels to: affine deltas and masks, for all sizes at once."""

from shapecalc.conditions.forms import (
    Affine,
    Condition,
    Form,
    Label,
    Mask,
    form,
    renamed,
    with_dims,
)
from shapecalc.conditions.settling import Settled, settled

__all__ = [
    "Affine",
    "Condition",
    "Form",
    "Label",
    "Mask",
    "Settled",
    "form",
    "renamed",
    "settled",
    "with_dims",
]
