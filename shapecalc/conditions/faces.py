"""What a condition looks like where labels are told apart by colours: the same for equal ones."""

from collections.abc import Mapping

from shapecalc.conditions.forms import Affine, Condition, Form, Label, sorted_dim, turned

Colours = Mapping[Label, object]


def face_of(condition: Condition, colours: Colours, seen_from: Label | None = None) -> str:
    """Spell a condition by the colours of its labels, one of them marked where it is given.

    A turn and a mirror say the same from either side: the lesser spelling is taken.
    """
    if not isinstance(condition, Affine):
        return f">={_spelled(condition.form, colours, seen_from)}"
    faces = [_face(condition, colours, seen_from)]
    if (other := turned(condition)) is not None:
        faces.append(_face(other, colours, seen_from))
    return min(faces)


def _face(delta: Affine, colours: Colours, seen_from: Label | None) -> str:
    mark = "*" * (delta.left is seen_from)
    right = _spelled(delta.form, colours, seen_from)
    return f"{'~' * delta.is_cyclic}{mark}{colours[delta.left]!r}={right}"


def _spelled(form: Form, colours: Colours, seen_from: Label | None) -> str:
    parts = sorted(
        f"{'*' * (label is seen_from)}{colours[label]!r}{sorted_dim(count)}"
        for label, count in form.parts
    )
    return f"{parts}{sorted_dim(form.offset)}"
