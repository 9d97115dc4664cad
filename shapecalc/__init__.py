"""Check the matrix calculus of backpropagation."""

__version__ = "0.1.0"
