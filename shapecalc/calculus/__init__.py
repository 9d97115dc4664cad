"""Matrix calculus without a network: `derive`, one expression by one name.

`running.py` takes an expression as text; `derivation.py` differentiates and lays out; `closing.py`
simplifies, by its own rules and those of `collecting.py`, `factoring.py`, `scaling.py` and
`shortening.py`; `facts.py` uses what is known of matrices, `functions.py` knows functions that are
not spelled out, `vecforms.py` stacks, `evaluating.py` puts in numbers; `naming.py` and `writing.py`
make the record, `elsewhere.py` code for other libraries.
"""
