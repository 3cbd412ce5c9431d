"""Writers show looks somewhere: in TensorBoard, a notebook, a tracker, as plain files, or in an archive."""

from keras_saliency.looks.writers.archive import ArchiveWriter
from keras_saliency.looks.writers.base import Packed, Run, Weighing, Writer
from keras_saliency.looks.writers.folder import FolderWriter
from keras_saliency.looks.writers.mlflow import MLflowWriter
from keras_saliency.looks.writers.notebook import NotebookWriter
from keras_saliency.looks.writers.tensorboard import TensorBoardWriter
from keras_saliency.looks.writers.wandb import TrackioWriter, WandbWriter
from keras_saliency.registry import Registry

__all__ = [
    "WRITERS",
    "ArchiveWriter",
    "FolderWriter",
    "MLflowWriter",
    "NotebookWriter",
    "Packed",
    "Run",
    "TensorBoardWriter",
    "TrackioWriter",
    "WandbWriter",
    "Weighing",
    "Writer",
]

WRITERS: Registry[Writer] = Registry(
    "writer",
    Writer,
    "the name of a writer, or an object with open, write and close",
    {
        "archive": f"{__name__}:ArchiveWriter",
        "folder": f"{__name__}:FolderWriter",
        "mlflow": f"{__name__}:MLflowWriter",
        "notebook": f"{__name__}:NotebookWriter",
        "tensorboard": f"{__name__}:TensorBoardWriter",
        "trackio": f"{__name__}:TrackioWriter",
        "wandb": f"{__name__}:WandbWriter",
    },
)
