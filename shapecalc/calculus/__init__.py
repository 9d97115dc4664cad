"""Matrix calculus without a network: `derive`, one expression by one name.

`running.py` takes an expression as text and gives a record; `derivation.py` differentiates and lays
out; `closing.py` simplifies, `functions.py` knows functions that are not spelled out, `vecforms.py`
stacks, `evaluating.py` puts in numbers.
"""
