"""The Saliency tab.

The TensorBoard process loads it: it imports the standard library, tensorboard, werkzeug, numpy and
`keras_saliency.records`, nothing else.
"""
