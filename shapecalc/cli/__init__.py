"""The command line: arguments → api → renderer → exit code. Knows no mathematics.

What only some commands need is imported where it is needed: a concise run loads no Rich.
"""

from shapecalc.cli.app import app, main

__all__ = ["app", "main"]
