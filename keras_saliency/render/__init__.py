"""Arrays in, pictures out: what a person sees of inputs and maps. Needs numpy and Pillow, never Keras."""

from keras_saliency.render.captions import Caption
from keras_saliency.render.colormaps import NOT_FINITE, diverging, sequential
from keras_saliency.render.display import MOST_DISPLAYED, as_base64, below_each_other, bundle, frame
from keras_saliency.render.files import from_png, png_pixels, to_jpeg, to_png
from keras_saliency.render.film_strip import film_strip
from keras_saliency.render.fonts import checked_font, using_font
from keras_saliency.render.grid import picture_grid
from keras_saliency.render.normalize import SCALE_RULE, normalize, scales
from keras_saliency.render.overlay import overlay
from keras_saliency.render.panels import comparison_sheet, contact_sheet
from keras_saliency.render.pictures import pictures
from keras_saliency.render.resize import bilinear, enlarge, fit, shrink

__all__ = [
    "MOST_DISPLAYED",
    "NOT_FINITE",
    "SCALE_RULE",
    "Caption",
    "as_base64",
    "below_each_other",
    "bilinear",
    "bundle",
    "checked_font",
    "comparison_sheet",
    "contact_sheet",
    "diverging",
    "enlarge",
    "film_strip",
    "fit",
    "frame",
    "from_png",
    "normalize",
    "overlay",
    "picture_grid",
    "pictures",
    "png_pixels",
    "scales",
    "sequential",
    "shrink",
    "to_jpeg",
    "to_png",
    "using_font",
]
