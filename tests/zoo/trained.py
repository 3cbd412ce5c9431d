"""Networks with trained weights, from packages."""

from examples.photographs.lite0 import efficientnet_lite0


def lite0(activation):
    """At 96 pixels."""
    return efficientnet_lite0(activation, size=96)
