"""One-off explanations: `explain`, and the `Explanation` that it returns."""

from keras_saliency.explanation.explaining import bind_target, explain, explain_question
from keras_saliency.explanation.explanation import Explanation, pictures_of

__all__ = ["Explanation", "bind_target", "explain", "explain_question", "pictures_of"]
