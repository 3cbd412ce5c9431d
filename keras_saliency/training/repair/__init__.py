"""From a proven shortcut to a model that does without it."""
