"""A proven shortcut is trained away."""
