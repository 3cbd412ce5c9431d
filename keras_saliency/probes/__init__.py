"""What a model is asked about: the probe set and where it comes from, and the target, whose score is explained."""

from keras_saliency.probes.probe_set import ProbeSet, as_probes, with_channel_axis, with_more_regions

__all__ = ["ProbeSet", "as_probes", "with_channel_axis", "with_more_regions"]
