"""The ways to make maps, one file each, named for the method.

A new method is one file, and one line in `keras_saliency/__init__.pyi`.
"""

from keras_saliency.methods.base import METHODS, Method, MethodResult, make_method, make_methods

__all__ = ["METHODS", "Method", "MethodResult", "make_method", "make_methods"]
