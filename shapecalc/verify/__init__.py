"""Formulas against the truth: by algebra, exactly in a prime field, and by components."""
