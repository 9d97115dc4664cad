"""Formula trees as Python for PyTorch and JAX: the printer of NumPy's, with names of their own."""

from collections.abc import Callable, Container

from shapecalc.matrix.printing import (
    ATOM,
    INFIX,
    MASKS,
    Printer,
    is_count,
    is_mask,
    said,
)
from shapecalc.tree import Call, Number, Tree

NameOf = Callable[[Call], str]
KEYWORDS = {
    "axis": "dim",
    "keepdims": "keepdim",
    "ddof": "correction",
    "k": "diagonal",
    "slope": "negative_slope",
    "lo": "min_val",
    "hi": "max_val",
}
"""What PyTorch calls the attributes of ops."""
MAKERS = frozenset({"eye", "ones", "zeros", "arange"})
LIKE = "like"
"""The keywords with which PyTorch makes a tensor of the type of those that are given."""
WITHOUT_NAMES = frozenset(INFIX) | {
    *("neg", "pow", "transpose", "matrix_transpose", "permute", "slice")
}
"""Ops that are no calls by a name, or by the same one everywhere."""


class JaxPrinter(Printer):
    """Prints calls by names, `jnp.sum`, or by templates, `jax.nn.elu({0}, {alpha})`."""

    def __init__(self, name_of: NameOf, prefix: str = "jnp.") -> None:
        super().__init__({}, prefix)
        self.name_of = name_of

    def _call(self, tree: Call) -> str:
        if tree.op == "diag" and said(tree) != tree.operands:
            return self.called(f"{self.prefix}diagflat", tree)
        name = self.name_of(tree)
        if "{" not in name:
            return self.called(name, tree)
        operands = map(self.argument, tree.operands)
        given = {key: self._attribute(value) for key, value in tree.attributes}
        return name.format(*operands, **given)


class TorchPrinter(JaxPrinter):
    """Prints for PyTorch, whose functions take tensors alone; `counts` are names of numbers."""

    def __init__(self, name_of: NameOf, counts: Container[str]) -> None:
        super().__init__(name_of, "torch.")
        self.counts = counts

    def printed(self, tree: Tree) -> tuple[str, int]:
        match tree:
            case Call(op="matrix_transpose", operands=(operand,)):
                return f"{self._within(operand, ATOM)}.mT", ATOM
            case Call(op="permute", operands=(operand,)):
                axes = self._attribute(tree.attribute("axes"))
                return f"torch.permute({self.printed(operand)[0]}, {axes})", ATOM
            case Call(op=op, operands=(left, right)) if op in MASKS and self._are_counts(tree):
                sign, level = INFIX[op]
                return f"{self.argument(left)} {sign} {self._within(right, level + 1)}", level
            case Call(op="where", operands=(condition, then, other)):
                return self._choice(condition, then, other), ATOM
            case _:
                return super().printed(tree)

    def _are_counts(self, tree: Call) -> bool:
        """Say whether a comparison is of plain numbers, and so would be no tensor."""
        return all(is_count(operand, self.counts) for operand in tree.operands)

    def _choice(self, condition: Tree, then: Tree, other: Tree) -> str:
        mask = self.printed(condition)[0]
        if not is_mask(condition):
            mask = f"{self._within(condition, INFIX['ne'][1] + 1)} != 0"
        if isinstance(then, Number) and isinstance(other, Number):
            if then.value == 1 and other.value == 0:
                return f"({mask}).to(**{LIKE})"
            return f"torch.where({mask}, {self.argument(then)}, {self.argument(other)})"
        first = self.argument(then) if is_count(other, self.counts) else self.printed(then)[0]
        return f"torch.where({mask}, {first}, {self.printed(other)[0]})"

    def argument(self, tree: Tree) -> str:
        printed = super().argument(tree)
        return f"torch.tensor({printed}, **{LIKE})" if is_count(tree, self.counts) else printed

    def keyword(self, key: str) -> str:
        return KEYWORDS.get(key, key)

    def called(self, name: str, tree: Call) -> str:
        printed = super().called(name, tree)
        return f"{printed[:-1]}, **{LIKE})" if tree.op in MAKERS else printed
