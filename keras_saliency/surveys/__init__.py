"""A whole data set: a row for each example, strategies among them, and what experiments say of these."""
