"""What the engine asks of a framework: to compile, to differentiate, to convert arrays, to name the chief."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import numpy as np

from keras_saliency.engine.chunks import Room
from keras_saliency.engine.flow import Flow

Tensor = Any
T = TypeVar("T")


class Backend(Protocol):
    """One framework behind Keras."""

    def compile(
        self,
        function: Callable[..., Any],
        variables: Sequence[Any],
        *,
        channels_first: bool,
        whole: bool = False,
    ) -> Callable[..., Any]:
        """`function`, compiled where the framework compiles, with a list of values of `variables` before its arguments.

        An empty list stands for their current values, None in the place of one value for its current one. Every
        variable is left as it is, whatever `function` assigns. All that `function` takes and returns has the batch
        as its first axis, and its examples do not depend on each other. `channels_first` is the format of images
        inside; `whole` forbids to part a batch.
        """

    def vjp(
        self,
        function: Callable[[list[Tensor]], tuple[Tensor, Any]],
        inputs: list[Tensor],
        seed: Callable[[Tensor], Tensor],
    ) -> tuple[Tensor, list[Tensor | None], Any]:
        """The output of `function`, the gradients for `inputs`, and what `function` returns beside its output.

        `function(inputs)` returns `(output, more)`; `seed(output)` is the gradient of the output to propagate
        back. A gradient is None where no path leads from that input to the output.
        """

    def input_gradient(self, function: Callable[[Tensor], Tensor], inputs: Tensor) -> Tensor:
        """The gradient of what `function` returns, a number, for its inputs; weights can learn from it."""

    def call(self, model: Any, function: Callable[[], T]) -> T:
        """`function()`, which calls the model, with what Keras does not know of the model's state left as it is.

        That is the state of PyTorch modules inside; they get the values that Keras' variables have in this scope.
        """

    def flow(
        self,
        function: Callable[[list[Tensor]], tuple[list[Tensor], list[Tensor]]],
        inputs: list[np.ndarray],
        source: int,
    ) -> Flow:
        """How `function` computes: from one of its inputs to its ends, by way of the tensors that it marks.

        `function(inputs)` returns `(marked, ends)`. Only PyTorch computes; the others trace.
        """

    def rectifiers(self, function: Callable[[list[Tensor]], Any], inputs: list[Tensor]) -> int:
        """How many ReLUs `function(inputs)` computes, those that Keras does not see included.

        PyTorch says 0: there the hooks see all of them.
        """

    def is_closed(self, layer: Any) -> bool:
        """Whether a layer computes something that neither hooks nor `rectifiers` see."""

    def fixed(self, model: Any) -> list[Any]:
        """The layers whose weights Keras cannot hand other values to."""

    def to_tensor(self, array: np.ndarray) -> Tensor:
        """A tensor with the values and the data type of the array."""

    def to_numpy(self, tensor: Tensor) -> np.ndarray:
        """The values of a tensor."""

    def room(self) -> Room:
        """How many examples it is fast with at once, on the device that it computes on."""

    def is_out_of_memory(self, error: Exception) -> bool:
        """Whether an error says that the memory of the device or of the machine was not enough."""

    def is_chief(self) -> bool:
        """Whether this process is the first of those that train together, or the only one."""

    def out_of_reach(self, model: Any) -> list[str]:
        """The names of weights that no process can read alone, because parts of them lie in other processes."""
