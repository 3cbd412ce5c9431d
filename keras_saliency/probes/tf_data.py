"""A copy of a `tf.data` pipeline, so that what is drawn leaves no trace in the pipeline that a training reads.

A pipeline has state: a shuffle that begins with another seed each time it is iterated, the variables of augmentations,
a cache that its first reader fills. All of it is shared by whoever iterates the pipeline. The copy is made from the
pipeline's graph, by public operations of TensorFlow: variables are copied with it, shuffles get seeds of their own, and
caches are left out. Python code inside a pipeline (`from_generator`, `py_function`) cannot be copied and is shared.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

MOST_BYTES = 2**30
"""Bytes of arrays inside a pipeline: its graph holds them, and no protocol buffer has more than twice that."""

_WITHOUT_A_SEED_GENERATOR = {
    "ShuffleDatasetV3": ("ShuffleDataset", 4, 2),
    "ShuffleAndRepeatDatasetV2": ("ShuffleAndRepeatDataset", 5, 2),
    "RandomDatasetV2": ("RandomDataset", 2, 0),
}
"""The same dataset with seeds of its own: its name, how many inputs it has, and where its seeds begin."""

_LEFT_OUT = ("CacheDataset", "CacheDatasetV2", "SnapshotDataset", "SnapshotDatasetV2")
_IN_ORDER = (
    "BatchDataset", "ParallelBatchDataset", "UnbatchDataset", "RebatchDataset", "MapDataset", "ParallelMapDataset",
    "PrefetchDataset", "CacheDataset", "TakeDataset", "OptionsDataset", "RestructuredDataset", "ShuffleDataset",
)  # fmt: skip
"""What keeps the order of the examples, and begins with the first; shuffles are left out of a copy in order."""


def is_tf_data(source: Any) -> bool:
    """Whether this is a `tf.data.Dataset`."""
    return hasattr(source, "as_numpy_iterator") and hasattr(source, "element_spec")


def is_endless(dataset: Any) -> bool:
    """Whether the pipeline is known to repeat forever."""
    return int(dataset.cardinality()) == -1


@dataclass(frozen=True)
class Copy:
    """A pipeline that shares no state of TensorFlow with the one that it was made from.

    Attributes:
        dataset: the copy.
        runs_python: whether it calls Python code, which is shared.
    """

    dataset: Any
    runs_python: bool


def own_copy(dataset: Any, seed: int, *, in_order: bool) -> Copy:
    """A copy of a pipeline that gives the same examples.

    Args:
        dataset: a `tf.data.Dataset`.
        seed: of the shuffles of the copy.
        in_order: leave the shuffles out.

    Raises:
        ValueError: the pipeline cannot be copied.
    """
    tf = sys.modules["tensorflow"]
    held = sum(tensor.dtype.size * int(np.prod(tensor.shape)) for tensor in _held(dataset))
    if held > MOST_BYTES:
        raise ValueError(
            f"This tf.data pipeline holds arrays of {held / 2**30:.1f} GiB. Drawing from it would change what a "
            "training reads from it, and a copy may hold 1 GiB. Give the arrays themselves: (x, y)."
        )
    variant = tf.data.experimental.to_variant(dataset)
    try:
        graph = tf.compat.v1.GraphDef.FromString(
            tf.raw_ops.DatasetToGraphV2(input_dataset=variant, external_state_policy=1).numpy()
        )
        _give_own_state(graph, seed, in_order)
        copied = tf.raw_ops.DatasetFromGraph(graph_def=graph.SerializeToString())
    except tf.errors.OpError as error:
        raise _cannot_be_copied(error.message) from error
    operations = {node.op for function in graph.library.function for node in function.node_def}
    copy = tf.data.experimental.from_variant(copied, dataset.element_spec)
    return Copy(copy, runs_python=bool(operations & {"PyFunc", "PyFuncStateless", "EagerPyFunc"}))


def class_names(dataset: Any) -> tuple[str, ...] | None:
    """The `class_names` that `keras.utils.image_dataset_from_directory` gave this pipeline, or one before it."""
    for one in _back_to_the_source(dataset):
        if hasattr(one, "class_names"):
            return tuple(one.class_names) if one.class_names else None
    return None


def file_names(dataset: Any) -> list[str] | None:
    """The name of the file of each example, from the folder that all are in; None where they are not known.

    `keras.utils.image_dataset_from_directory` gives its pipeline `file_paths`, in the order before shuffling.
    """
    for one in _back_to_the_source(dataset):
        if hasattr(one, "file_paths"):
            folder = os.path.commonpath([os.path.dirname(path) for path in one.file_paths])
            return [Path(path).relative_to(folder).as_posix() for path in one.file_paths]
        if type(one).__name__.strip("_") not in _IN_ORDER:
            return None
    return None


def _give_own_state(graph: Any, seed: int, in_order: bool) -> None:
    """Change a graph so that nothing in it points to a state outside."""
    left_out = {}
    for node in list(graph.node):
        if "deterministic" in node.attr:
            node.attr["deterministic"].s = b"true"
        if node.op in _LEFT_OUT or (in_order and node.op == "ShuffleDatasetV3"):
            left_out[node.name] = node.input[0]
        elif node.op in _WITHOUT_A_SEED_GENERATOR:
            node.op, count, seeds = _WITHOUT_A_SEED_GENERATOR[node.op]
            node.attr.pop("rerandomize_each_iteration", None)
            del node.input[count:]
            for place, value in enumerate((seed, 1 + seed % 2**31)):
                node.input[seeds + place] = _constant(graph, value)
    for node in graph.node:
        for place, name in enumerate(node.input):
            kept = name
            while kept in left_out:
                kept = left_out[kept]
            node.input[place] = kept
    used = {name for node in graph.node if node.name not in left_out for name in node.input}
    for node in [node for node in graph.node if node.name in left_out or node.op == "Const"]:
        if node.name not in used:
            graph.node.remove(node)
        elif _points_outside(node):
            raise _cannot_be_copied(f"it uses {node.attr['value'].tensor.resource_handle_val[0].name}")


def _constant(graph: Any, value: int) -> str:
    tf = sys.modules["tensorflow"]
    node = graph.node.add(name=f"keras_saliency/seed_{len(graph.node)}", op="Const")
    node.attr["dtype"].type = tf.int64.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(value, "int64"))
    return str(node.name)


def _points_outside(node: Any) -> bool:
    """Whether this is a state of the process; tables are looked up in, and do not change by that."""
    tf = sys.modules["tensorflow"]
    if node.attr["dtype"].type != tf.resource.as_datatype_enum:
        return False
    handles = node.attr["value"].tensor.resource_handle_val
    return not all("lookup" in handle.maybe_type_name for handle in handles)


def _cannot_be_copied(why: str) -> ValueError:
    return ValueError(
        "This tf.data pipeline cannot be copied, and drawing from it would change what a training reads from it. "
        f"Draw the probes yourself, and give arrays. TensorFlow says: {' '.join(why.split())[:200]}"
    )


def _inputs(dataset: Any) -> list[Any]:
    """The pipelines that this one reads from; none where TensorFlow does not tell."""
    inputs = getattr(dataset, "_inputs", None)
    return list(inputs()) if callable(inputs) else []


def _back_to_the_source(dataset: Any) -> Iterator[Any]:
    """The pipeline, and those before it, as long as there is one."""
    while True:
        yield dataset
        inputs = _inputs(dataset)
        if len(inputs) != 1:
            return
        (dataset,) = inputs


def _held(dataset: Any) -> Iterator[Any]:
    """The tensors that the sources of a pipeline hold."""
    yield from getattr(dataset, "_tensors", ())
    for one in _inputs(dataset):
        yield from _held(one)
