"""Data sets with a planted strategy, and what a survey finds in them: `python -m benchmarks.planted`."""
