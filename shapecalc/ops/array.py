"""NumPy for the bodies of ops, loaded when a body first runs: `check` itself never needs it."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]
else:
    Array = Any

    class _Numpy:
        """Stands in for the module until an attribute of it is asked for."""

        def __getattr__(self, name: str) -> Any:
            import numpy

            return getattr(numpy, name)

    np = _Numpy()

__all__ = ["Array", "np"]
