"""The rooms that touch Keras' inside and name a framework: a model as a function with gradients."""

from keras_saliency.engine.anatomy import Anatomy
from keras_saliency.engine.averages import Averages, Points
from keras_saliency.engine.console import say
from keras_saliency.engine.layout import ExplainedImage, Layout
from keras_saliency.engine.log_probabilities import LogProbabilities
from keras_saliency.engine.packed_model import PackedModel
from keras_saliency.engine.processes import is_chief
from keras_saliency.engine.question import Question
from keras_saliency.engine.rectifiers import RectifierCount
from keras_saliency.engine.results import Attention, Gradients, LayerGradients, LayerOutput
from keras_saliency.engine.scored_model import ScoredModel
from keras_saliency.engine.versions import running_on
from keras_saliency.engine.weights import WeightedLayer

__all__ = [
    "Anatomy",
    "Attention",
    "Averages",
    "ExplainedImage",
    "Gradients",
    "LayerGradients",
    "LayerOutput",
    "Layout",
    "LogProbabilities",
    "PackedModel",
    "Points",
    "Question",
    "RectifierCount",
    "ScoredModel",
    "WeightedLayer",
    "is_chief",
    "running_on",
    "say",
]
