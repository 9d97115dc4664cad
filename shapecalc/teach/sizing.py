"""Small sizes that show what there is to be seen."""

from collections.abc import Mapping, Sequence

from shapecalc.dims import Dim
from shapecalc.report.steps import StepWriter


def spread(sizes: dict[str, int], writer: StepWriter) -> dict[str, int]:
    """Give an axis along which entries mix, as in a softmax, more than 2: 2 show too little."""
    tied = {label for delta in writer.tied for label in delta}
    mixed = [
        str(writer.dim(label))
        for label in writer.jacobian.wrt_labels
        if label is not None and label not in tied and len(writer.jacobian.terms) > 1
    ]
    two = next((name for name in mixed if sizes.get(name) == 2), None)
    three = next((name for name, size in sizes.items() if size == 3), None)
    if two is None:
        return sizes
    return {**sizes, two: 3} if three is None else {**sizes, two: 3, three: 2}


def smaller(sizes: Mapping[str, int], dims: Sequence[Dim], *, other: bool) -> dict[str, int]:
    """Give 2 to names within a product or a multiple, `c*h*w`, so that it is not large."""
    inside = {name for dim in dims if str(dim) not in sizes for name in dim.names}
    alone = iter((5, 3, 7, 11, 13) if other else (3, 5, 7, 11, 13))
    found = {name: 2 if name in inside else next(alone, 2) for name in sizes}
    return found if all(dim.is_whole(found) for dim in dims) else dict(sizes)


def least(sizes: Mapping[str, int], dims: Sequence[Dim], *, other: bool) -> dict[str, int]:
    """Make all sizes 2, or, for others, the last one 3; so some coincide."""
    names = list(sizes)
    found = {name: 3 if other and name == names[-1] else 2 for name in names}
    return found if all(dim.is_whole(found) for dim in dims) else dict(sizes)
