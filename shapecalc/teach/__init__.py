"""Explanations of a step, built from its own derivation. Makes records; prints nothing.

They are loaded when they are asked for: a quiz does without them until somebody wants a reason.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapecalc.teach.explaining import ALL, Answer, explain, explain_each, explained

__all__ = ["ALL", "Answer", "explain", "explain_each", "explained"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(name)
    from shapecalc.teach import explaining

    return getattr(explaining, name)
