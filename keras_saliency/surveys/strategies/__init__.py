"""What the maps of a class have in common."""
