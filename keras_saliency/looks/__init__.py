"""Looks: the value, the observer that makes them, the writers that show them, and reading them back."""
