"""The main job on real images with a known answer: a network learns to read a planted corner."""
