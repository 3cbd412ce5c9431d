"""What serves a training: the callback, when it looks, and where its looks go."""
