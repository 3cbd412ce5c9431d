"""What tracing a model once tells about it, before anything is computed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from math import prod
from typing import Any, TypeVar

import keras
import numpy as np
import optree

from keras_saliency.engine import seams
from keras_saliency.engine.activation_record import ActivationRecord
from keras_saliency.engine.axes import Call, class_axis, layout_of
from keras_saliency.engine.backends import current_backend
from keras_saliency.engine.chunks import rows_of
from keras_saliency.engine.first_float import FirstFloatTap
from keras_saliency.engine.float16 import computes_in_float16
from keras_saliency.engine.functions import Returned
from keras_saliency.engine.inputs import InputPlan, plan_inputs
from keras_saliency.engine.interception import Hook, hooked
from keras_saliency.engine.isolation import without_a_trace
from keras_saliency.engine.layers import LayerRecord
from keras_saliency.engine.layout import ExplainedImage, Layout, explained_image
from keras_saliency.engine.outputs import place_of, select_output
from keras_saliency.engine.pixels import declared_pixels
from keras_saliency.engine.reading import AllRead
from keras_saliency.engine.scores import Output, describe
from keras_saliency.errors import ModelRejectedInputsError, NoGradientError, SaliencyError

Tensor = Any
W = TypeVar("W", bound=Hook)

TRACED = 32
LARGE, PER_VALUE = 2**18, 200
"""What is computed past Keras, as in a wrapped module, is not seen. Usual networks hold 100 to 330 elements for each
value of an image; so many are taken for granted where an example has more than 2¹⁸ values."""
_BOLD = re.compile(r"\x1b\[\d*m")


@dataclass(frozen=True)
class Anatomy:
    """The parts of a model that the engine works with.

    Attributes:
        plan: how its inputs are read.
        output: its selected output; None where a tree of several outputs is left whole.
        explained: the names of the inputs that are explained, or the tensor behind an integer input, in words.
        tapped_shape: the shape, without the batch, of the first floating tensor behind an integer input; None
            where the inputs themselves are explained.
        layout: which explained tensors and which inputs are images, and where their channels are.
        channels_first: whether any layer computes in that format.
        float16: whether any layer computes in float16.
        elements: how many the layers return together for one example, or `PER_VALUE` for each value of large inputs.
        returned: what a target function sees: the selected output, or the tree of all.
    """

    plan: InputPlan
    output: Output | None
    explained: tuple[str, ...]
    tapped_shape: tuple[int, ...] | None
    layout: Layout
    channels_first: bool
    float16: bool
    elements: int
    returned: Any = field(compare=False, repr=False)

    @property
    def channel_axis(self) -> int:
        """The axis of the channels of the explained image: −1, or 1 for channels first."""
        return self.layout.channel_axis

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shape, without the batch, of each explained tensor."""
        if self.tapped_shape is not None:
            return [self.tapped_shape]
        return [self.plan.shapes[position] for position in self.plan.floating]

    @property
    def image(self) -> ExplainedImage | None:
        """The explained tensor that is an image; None where there is no image."""
        return explained_image(self.layout, self.shapes)


@dataclass(frozen=True)
class Traced:
    """One trace of the model: its outputs, and the record of its activations and layers."""

    outputs: Any
    record: ActivationRecord


def forward(model: Any, plan: InputPlan, leaves: Sequence[Tensor], hooks: Sequence[Hook] = ()) -> Traced:
    """Call the model in inference mode, with hooks."""
    record, inputs = ActivationRecord(), plan.tree(leaves)
    with _rejecting(model, plan), hooked(*hooks, record):
        outputs = current_backend().call(model, partial(model, inputs, training=False))
    return Traced(outputs, record)


def inspect(
    model: Any,
    inputs: Any,
    output: str | int | None,
    *,
    leave_whole: bool,
    channel_axis: int | None = None,
    examples: int | None = None,
) -> Anatomy:
    """The anatomy of a model called on inputs like these; builds a model that is not built yet.

    Args:
        model: a Keras model.
        inputs: a tree of arrays, batch first.
        output: the name or position of the output, for models with several.
        leave_whole: whether several outputs may be left whole, for a callable target.
        channel_axis: of the images, where the user says so.
        examples: how many the model is to be called on; None: some.

    Raises:
        ModelRejectedInputsError: the model cannot be called on them.
        NoGradientError: no floating tensor is behind the inputs.
        SaliencyError: parts of the weights lie with other processes.
        ValueError: the model has several outputs and none, or one that it lacks, is named; or where the channels of
            the images are is not clear.
    """
    plan = _built(model, inputs, examples)
    _refuse_weights_elsewhere(model)
    traced, tap = _trace(model, plan, inputs, FirstFloatTap)
    selected = select_output(model, traced.outputs, output, leave_whole=leave_whole)
    place = place_of(model, traced.outputs, selected) if keras.ops.is_tensor(selected) else None
    explained, tapped_shape = tuple(plan.names[i] for i in plan.floating), None
    if not explained:
        tapped, tensor = tap.place, tap.tensor
        if tapped is None or any(tensor is leaf for leaf in optree.tree_leaves(traced.outputs)):
            raise NoGradientError(
                "All inputs of the model are integers, and no layer inside it takes or returns a floating tensor: "
                "there is nothing to differentiate with respect to."
            )
        explained, tapped_shape = (tapped,), tuple(tensor.shape[1:])
    call, leaves = calling(model, plan, output), [array[:TRACED] for array in plan.leaves(inputs)]
    layout = layout_of(call, plan, leaves, channel_axis)
    described = None
    if place:
        axis = class_axis(call, leaves, layout, selected, traced.record, required=not leave_whole)
        described = describe(selected, traced.record, axis, place)
    return Anatomy(
        plan=plan,
        output=described,
        explained=explained,
        tapped_shape=tapped_shape,
        layout=layout,
        channels_first=any(
            getattr(layer, "data_format", None) == "channels_first"
            for layer in seams.layers_throughout(model)
        ),
        float16=computes_in_float16(model),
        elements=_elements(traced.record, plan, inputs),
        returned=optree.tree_map(Returned.of, selected),
    )


def calling(model: Any, plan: InputPlan, output: str | int | None) -> Call:
    """Calls the model and gives the output as an array; None where a hook ends it, or it takes no such batch.

    Without hooks a model for batches of one size is called as often as it takes.
    """

    def call(rows: Sequence[np.ndarray], hooks: Sequence[Hook]) -> np.ndarray | None:
        backend = current_backend()
        size = len(rows[0]) if hooks or plan.examples is None else plan.examples
        found = []
        with suppress(AllRead, Exception), without_a_trace(), keras.StatelessScope():
            for start in range(0, len(rows[0]), size):
                few = rows_of(start, size, len(rows[0]))
                traced = forward(model, plan, [backend.to_tensor(array[few]) for array in rows], hooks)
                found.append(backend.to_numpy(select_output(model, traced.outputs, output)))
            return np.concatenate(found)[: len(rows[0])]
        return None

    return call


def _elements(record: ActivationRecord, plan: InputPlan, inputs: Any) -> int:
    """See `Anatomy.elements`."""
    values = _values(plan)
    told = record.elements() // traced_examples(plan, inputs)
    return max(told, PER_VALUE * values) if values > LARGE else told


def called_layers(model: Any, anatomy: Anatomy, inputs: Any) -> list[Any]:
    """The layers that return one tensor, in the order in which they do; nothing is computed."""
    _, record = _trace(model, anatomy.plan, inputs, LayerRecord)
    return [layer for layer, _ in record.calls]


def _built(model: Any, inputs: Any, examples: int | None) -> InputPlan:
    """The plan for inputs like these, once the model is built: building a Sequential declares its inputs.

    Building is the model's own business and leaves its traces, as it does in `fit`: layers that are made in
    `build` draw their seeds from Python's random numbers. No `training` is given: a Sequential inside that is built in
    this call would keep it for the calls that give none, such as those of `fit` where `model.call` does not take it.
    """
    plan = plan_inputs(model, inputs, examples)
    if all(layer.built for layer in seams.layers_throughout(model)):
        return plan

    def build() -> None:
        if isinstance(model, keras.Sequential) and not model.built and len(plan.shapes) == 1:
            model.build((None, *plan.shapes[0]))
        else:
            seams.backend.compute_output_spec(lambda *leaves: model(plan.tree(leaves)), *_few(plan, inputs))

    with _rejecting(model, plan), without_a_trace(only_on_failure=True):
        current_backend().call(model, build)
    return plan_inputs(model, inputs, examples)


def _refuse_weights_elsewhere(model: Any) -> None:
    """Raise where a look would have to be joined by other processes: one that does not join stops all of them."""
    parted = current_backend().out_of_reach(model)
    if parted:
        raise SaliencyError(
            f"The weights of the model {model.name!r} are spread over several processes, and a look is made by each "
            f"process alone. Choose a layout in which the devices of one process hold all weights. Spread: "
            f"{', '.join(parted)}"
        )


def _trace(model: Any, plan: InputPlan, inputs: Any, make_hook: Callable[[], W]) -> tuple[Traced, W]:
    """One abstract trace, with a hook: nothing is computed, but shapes are known and errors come to light.

    PyTorch computes values where a layer cannot be called on shapes alone: hence few examples.
    """
    traces: list[tuple[Traced, W]] = []

    def call(*leaves: Tensor) -> Any:
        hook = make_hook()
        traces.append((forward(model, plan, leaves, [hook]), hook))
        return traces[-1][0].outputs

    with _rejecting(model, plan), without_a_trace():
        seams.backend.compute_output_spec(call, *_few(plan, inputs))
    return traces[-1]


def traced_examples(plan: InputPlan, inputs: Any) -> int:
    """How many examples a trace is made of: as many as the model will be called on, where that is known."""
    most = max(2, TRACED * LARGE // max(1, _values(plan)))
    return plan.examples or min(TRACED, most, len(optree.tree_leaves(inputs)[0]))


def _values(plan: InputPlan) -> int:
    """How many one example has."""
    return sum(prod(shape) for shape in plan.shapes)


def _few(plan: InputPlan, inputs: Any) -> list[keras.KerasTensor]:
    count, few = traced_examples(plan, inputs), [array[:1] for array in plan.leaves(inputs)]
    return [keras.KerasTensor((count, *array.shape[1:]), _dtype_inside(array)) for array in few]


def _dtype_inside(array: np.ndarray) -> str:
    """The data type that an array has as a tensor: JAX has integers of 64 bits only where they are enabled."""
    tensor = current_backend().to_tensor(np.empty(0, array.dtype))
    return str(keras.backend.standardize_dtype(tensor.dtype))


@contextmanager
def _rejecting(model: Any, plan: InputPlan) -> Iterator[None]:
    """Turn any error inside the model into one sentence about these inputs."""
    try:
        yield
    except SaliencyError:
        raise
    except Exception as error:
        raise ModelRejectedInputsError(_rejection(model, plan, error)) from error


def _rejection(model: Any, plan: InputPlan, error: Exception) -> str:
    given = ", ".join(
        f"{name}: {('n', *shape)} {dtype}".replace("'", "")
        for name, shape, dtype in zip(plan.names, plan.shapes, plan.dtypes, strict=True)
    )
    said = (line for line in _BOLD.sub("", str(error)).splitlines() if line.strip())
    reason = next(
        (line for line in said if not line.startswith("Exception encountered")), type(error).__name__
    )
    return (
        f"The model {model.name!r} cannot be called on these images. Received: {given}. Keras says: {reason}"
        + _way_out(model, plan)
    )


def _way_out(model: Any, plan: InputPlan) -> str:
    """What to do about images that have another size than the model declares."""
    pixels = declared_pixels(model)
    images = [shape for shape in plan.shapes if len(shape) == 3]
    if len(images) != 1 or pixels.size in (images[0][:2], images[0][1:]):
        return ""
    return f". {pixels.way_out}" if pixels.way_out else ""
