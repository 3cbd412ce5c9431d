"""One-off explanations: `explain`, and the `Explanation` that it returns."""

from keras_saliency.explanation.explanation import (
    Explanation,
    bind_target,
    explain,
    explain_scored,
    pictures_of,
)

__all__ = ["Explanation", "bind_target", "explain", "explain_scored", "pictures_of"]
