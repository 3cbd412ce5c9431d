"""The Saliency page of a log folder, without TensorBoard: its data, and one file that holds both."""
