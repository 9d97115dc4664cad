"""Index notation and formula trees: reading one as the other, and printing formulas."""
