"""Explanations as web pages: MathML formulas, SVG pictures, and no script."""
