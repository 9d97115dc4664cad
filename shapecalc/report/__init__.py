"""What was derived and judged → records: plain data for whoever prints it."""
