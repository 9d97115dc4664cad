"""Explanations → handouts: a LaTeX document, or Markdown."""
