"""A model on its way to another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras

from keras_saliency.engine.isolation import without_a_trace
from keras_saliency.engine.model_files import read_model
from keras_saliency.engine.seams import layers_throughout
from keras_saliency.errors import SaliencyError


@dataclass(frozen=True)
class PackedModel:
    """A model as its `.keras` file, beside the classes that are not Keras' own.

    What pickles it decides how these classes travel: cloudpickle sends those of a script or a notebook as they are,
    and of all others their module's name, which can then be imported at the other end.

    Attributes:
        contents: of the file, with the weights and the loss.
        custom_objects: classes and functions by the names that the file has for them: all that are registered, and
            the layers of the model.
    """

    contents: bytes
    custom_objects: Mapping[str, Any]

    @classmethod
    def of(cls, model: Any) -> PackedModel:
        """The model as it is now; it stays as it is.

        Raises:
            SaliencyError: Keras cannot save it.
        """
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            try:
                with without_a_trace():
                    model.save(path)
            except Exception as error:
                raise SaliencyError(
                    f"The model {model.name!r} cannot be sent to other processes, as Keras cannot save it: {error}"
                ) from error
            return cls(path.read_bytes(), _custom_objects(model))

    def open(self) -> Any:
        """A model like it, with its loss and without its optimizer; code inside, as of a Lambda layer, is trusted.

        Raises:
            SaliencyError: Keras cannot open it here.
        """
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            path.write_bytes(self.contents)
            try:
                with without_a_trace(), keras.saving.custom_object_scope(dict(self.custom_objects)):
                    return read_model(path, safe_mode=False)
            except Exception as error:
                cause = str(error).rsplit("Exception encountered: ", 1)[-1].strip()
                raise SaliencyError(
                    f"The model cannot be opened in another process: {cause}. Its own classes and functions must be "
                    "registered (keras.saving.register_keras_serializable), and their get_config complete."
                ) from error


def _custom_objects(model: Any) -> dict[str, Any]:
    classes = {type(layer) for layer in (model, *layers_throughout(model))}
    own = {keras.saving.get_registered_name(kind): kind for kind in classes if not _is_of_keras(kind)}
    return {**own, **keras.saving.get_custom_objects()}


def _is_of_keras(kind: type) -> bool:
    return kind.__module__.split(".")[0] == "keras"
