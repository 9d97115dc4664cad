"""Check the matrix calculus of backpropagation.

    spec = shapecalc.load("specs/two_layer.yaml")
    spec.check()
    spec.gradients["A1"]
    spec.explain("A1")
    shapecalc.derive("x.T @ A @ x", wrt="x", shapes={"x": "n,1", "A": "n,n"})

What is wrong with a spec is raised as shapecalc.SpecError.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.notebook import (
        Checked,
        Derivative,
        Explanation,
        Spec,
        SpecError,
        derive,
        load,
        loads,
    )

__version__ = "0.1.0"
__all__ = [
    "Checked",
    "Derivative",
    "Explanation",
    "Spec",
    "SpecError",
    "__version__",
    "derive",
    "load",
    "loads",
]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        """Load what is asked for when it is: the command line needs none of it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from shapecalc import notebook

        globals()[name] = found = getattr(notebook, name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
