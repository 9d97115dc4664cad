"""A file of arrays → lists of numbers by name: NumPy's `.npz`, or a JSON object."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.calculus.evaluating import Numbers

LARGEST = 10_000_000  # bytes


class NoNumbers(Exception):
    """A file that holds no arrays of numbers by name: why not."""


def numbers_in(path: str) -> "dict[str, Numbers]":
    """Read a file. Nothing in it is run: arrays of objects are refused. Raises NoNumbers."""
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise NoNumbers(f"{path}: {error.strerror or error}") from None
    if len(content) > LARGEST:
        raise NoNumbers(f"{path} has more than {LARGEST:,} bytes")
    read = _arrays if content[:2] == b"PK" else _objects
    found = read(content, path)
    for name, numbers in found.items():
        if not _are_numbers(numbers):
            raise NoNumbers(f"{path}: `{name}` holds something else than numbers")
    return found


def _objects(content: bytes, path: str) -> "dict[str, Numbers]":
    import json

    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", "it is nested too deeply, or no UTF-8")
        raise NoNumbers(f"{path} is no JSON: {reason}") from None
    if not isinstance(found, dict):
        raise NoNumbers(f'{path} holds no object: write {{"A": [[1, 2], [3, 4]]}}')
    return found


def _arrays(content: bytes, path: str) -> "dict[str, Numbers]":
    from io import BytesIO

    import numpy as np

    try:
        with np.load(BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name].tolist() for name in archive.files}
    except Exception:  # noqa: BLE001 (whatever a broken archive raises)
        raise NoNumbers(f"{path} is no archive of arrays, or holds objects") from None


def _are_numbers(value: object) -> bool:
    if isinstance(value, list):
        return all(map(_are_numbers, value))
    return isinstance(value, int | float) and not isinstance(value, bool)
