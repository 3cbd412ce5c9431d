"""Every method on real architectures: right, or refused in one sentence. `make zoo` asks all, `make test` a few.

What is right is found by the framework's own gradient of a twin that ends before its softmax, and by setting the
functions of the twin's layers (`tests/zoo/by_hand.py`).
"""

import re
import warnings
from dataclasses import dataclass
from typing import Any, ClassVar

import keras
import numpy as np
import optree
import pytest
from keras import ops

import keras_saliency as ks
from keras_saliency.engine import Question, ScoredModel
from keras_saliency.errors import MethodDoesNotApplyError
from keras_saliency.methods import Method, MethodResult
from keras_saliency.probes.targets import as_target, bind
from tests.zoo import by_hand, members
from tests.zoo.members import CLASS, COUNT, MEMBERS

TOLERANCE = 1e-5
"""Of the largest value."""

pytestmark = pytest.mark.filterwarnings(
    "ignore:Layer 'attn' .* was passed an input with a mask:UserWarning",  # KerasHub's Swin, also without us
)


@dataclass(frozen=True)
class Asked:
    """A member with a softmax, its twin without, and inputs."""

    name: str
    member: members.Member
    model: keras.Model
    scored: ScoredModel
    twin: by_hand.Scored
    inputs: Any

    @property
    def leaves(self):
        return optree.tree_leaves(self.inputs)

    @property
    def question(self):
        return Question(self.scored, self.inputs, bind(as_target(CLASS), COUNT, None))

    def explained(self, method):
        """The maps, as a list, and the diagnostics."""
        found = method.explain(self.question, np.random.default_rng(0))
        return optree.tree_leaves(found.maps), found.diagnostics

    def gradients(self, arrays=None):
        leaves = self.leaves if arrays is None else arrays
        return by_hand.gradients(self.twin, leaves, self.twin.model)

    def scores(self, arrays):
        return by_hand.values(self.twin, arrays).astype("float64")


@pytest.fixture(scope="module")
def asked(request):
    member = MEMBERS[request.param]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Layer 'attn' ")
        model, twin = member.made("softmax"), member.made(None)
    twin.set_weights(model.get_weights())
    inputs = members.inputs_of(model, member.scale)
    scored = ScoredModel(model, output=member.output)
    return Asked(
        request.param, member, model, scored, by_hand.Scored(twin, inputs, CLASS, member.select), inputs
    )


EVERY_MEMBER = pytest.mark.parametrize("asked", members.asked(), indirect=True)


def assert_close(found, expected, tolerance=TOLERANCE):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * max(np.abs(other).max(), 1e-30))


@EVERY_MEMBER
def test_the_gradient_is_the_frameworks_own_gradient_of_the_logits(asked):
    expected = asked.gradients()
    assert all(np.abs(gradient).max() > 0 for gradient in expected)
    assert_close(asked.explained(ks.Gradient())[0], expected)
    products = [array * gradient for array, gradient in zip(asked.leaves, expected, strict=True)]
    assert_close(asked.explained(ks.InputXGradient())[0], products)


@EVERY_MEMBER
def test_class_activation_maps_are_those_of_the_layer_that_is_stated(asked):
    member = asked.member
    if member.feature_map is None:
        for method in (ks.GradCAM(), ks.LayerCAM(), ks.Activations()):
            with pytest.raises(MethodDoesNotApplyError) as refusal:
                asked.explained(method)
            assert len(str(refusal.value).split()) > 10
        return
    found = asked.question.layer()
    assert re.fullmatch(member.feature_map, found.layer), found.layer
    assert found.activations.shape[1:3] == member.grid
    parts = asked.twin.layer(_in_the_twin(asked, found.layer), asked.leaves)
    if member.tokens is not None:
        parts = [part[:, member.tokens :].reshape(COUNT, *member.grid, -1) for part in parts]
    elif member.channels_first:
        parts = [np.moveaxis(part, 1, -1) for part in parts]
    assert_close([found.activations, found.gradients], parts)
    activations, gradients = (part.astype("float64") for part in parts)
    size = asked.leaves[0].shape[1:3]
    cams = {
        ks.GradCAM(): np.maximum((gradients.mean((1, 2), keepdims=True) * activations).sum(-1), 0),
        ks.GradCAM(relu=False): (gradients.mean((1, 2), keepdims=True) * activations).sum(-1),
        ks.LayerCAM(): np.maximum((np.maximum(gradients, 0) * activations).sum(-1), 0),
        ks.Activations(): np.abs(activations).mean(-1),
    }
    for method, cam in cams.items():
        (maps,), diagnostics = asked.explained(method)
        scale = np.abs(activations * gradients).sum(-1).max() if method != ks.Activations() else cam.max()
        np.testing.assert_allclose(maps, by_hand.over_image(cam, size), rtol=0, atol=TOLERANCE * scale)
        assert diagnostics["layer"] == found.layer
        assert diagnostics["grid"] == list(member.grid)


def _in_the_twin(asked, path):
    """The twin's name for a layer: automatic names count on."""
    model, twin, names = asked.model, asked.twin.model, []
    for step in path.split("."):
        ours, theirs = (
            [*part._flatten_layers(include_self=False, recursive=False), *getattr(part, "operations", ())]
            for part in (model, twin)
        )
        (position, *_) = (index for index, part in enumerate(ours) if part.name == step)
        model, twin = ours[position], theirs[position]
        names.append(twin.name)
    return ".".join(names)


@EVERY_MEMBER
def test_guided_backpropagation_changes_every_relu_or_is_refused(asked):
    if asked.member.rectified is None:
        (guided,), (plain,) = asked.explained(ks.GuidedBackprop())[0], asked.explained(ks.Gradient())[0]
        assert np.abs(guided - plain).max() > 0
        return
    if not asked.member.rectified:
        with pytest.raises(MethodDoesNotApplyError, match="no ReLU of this model goes through Keras"):
            asked.explained(ks.GuidedBackprop())
        return
    expected, count = asked.twin.guided(asked.leaves)
    assert count > 0
    assert_close(asked.explained(ks.GuidedBackprop())[0], expected)


@dataclass(frozen=True)
class Noting(Method):
    """The gradient; notes the images that it is asked about."""

    seen: list
    name: str = "noting"

    registered: ClassVar[str] = "noting"
    cost: ClassVar[str] = ""
    uses_target: ClassVar[bool] = True
    has_sign: ClassVar[bool] = True
    is_gradient: ClassVar[bool] = True

    def explain(self, question, rng):
        self.seen.append([np.array(value) for value in question.values])
        return MethodResult(question.gradients().maps)


@EVERY_MEMBER
def test_smoothgrad_is_the_mean_gradient_of_the_noisy_images(asked):
    noting = Noting([])
    found, _ = asked.explained(ks.SmoothGrad(noting, samples=2))
    copies = [np.concatenate(leaf) for leaf in zip(*noting.seen, strict=True)]
    assert len(copies[0]) == 2 * COUNT
    assert (copies[0][:COUNT] - asked.leaves[0]).std() > 0
    gradients = asked.gradients(copies)
    assert_close(found, [leaf.reshape(-1, COUNT, *leaf.shape[1:]).mean(0) for leaf in gradients])
    assert_close(asked.explained(ks.SmoothGrad(samples=2))[0], found)


@EVERY_MEMBER
def test_integrated_gradients_are_the_mean_gradient_on_the_way_times_the_way(asked):
    steps = 2
    found, diagnostics = asked.explained(ks.IntegratedGradients(steps=steps))
    on_the_way = [
        asked.gradients([np.float32((step + 0.5) / steps) * leaf for leaf in asked.leaves])
        for step in range(steps)
    ]
    means = [sum(gradients) / steps for gradients in zip(*on_the_way, strict=True)]
    assert_close(found, [leaf * mean for leaf, mean in zip(asked.leaves, means, strict=True)])
    change = asked.scores(asked.leaves) - asked.scores([np.zeros_like(leaf) for leaf in asked.leaves])
    missing = sum(leaf.astype("float64").reshape(COUNT, -1).sum(1) for leaf in found) - change
    np.testing.assert_allclose(
        diagnostics["completeness_delta"], missing, rtol=0, atol=1e-4 * max(1, np.abs(change).max())
    )


@EVERY_MEMBER
def test_occlusion_is_the_drop_of_the_score(asked):
    image = asked.leaves[0]
    side = image.shape[1] // 2
    method = ks.Occlusion(patch=side, stride=side)
    if not asked.member.is_image:
        with pytest.raises(MethodDoesNotApplyError):
            asked.explained(method)
        return
    scores, (maps, *_) = asked.scores(asked.leaves), asked.explained(method)[0]
    for rows in (slice(side), slice(side, None)):
        for columns in (slice(side), slice(side, None)):
            covered = image.copy()
            covered[:, rows, columns] = 0
            drop = scores - asked.scores([covered, *asked.leaves[1:]])
            expected = np.broadcast_to(drop[:, None, None], (COUNT, side, side))
            np.testing.assert_allclose(
                maps[:, rows, columns], expected, rtol=0, atol=TOLERANCE * np.abs(scores).max() * 10
            )


def _places(tensor):
    """Whether a symbolic output lies over the image and has more than one place."""
    return len(tensor.shape) == 4 and tensor.shape[1] * tensor.shape[2] > 1


@pytest.mark.parametrize(
    "asked",
    members.asked([name for name, it in MEMBERS.items() if it.family == "applications"]),
    indirect=True,
)
def test_no_later_tensor_of_a_functional_model_cuts_it(asked):
    """Keras builds a model from a tensor to the logits only if every path goes through that tensor."""
    twin = asked.twin.model
    for operation in reversed(twin.operations):
        tensor = operation.output
        if keras.tree.is_nested(tensor) or not _places(tensor):
            continue
        try:
            keras.Model(tensor, twin.output)
        except ValueError:
            continue
        break
    assert operation.name == _in_the_twin(asked, asked.question.layer().layer)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="said on TensorFlow")
def test_the_score_is_not_the_probability():
    """What these tests compare with is the logit: on one network the gradients of both differ."""
    member = MEMBERS["a hybrid"]
    model, twin = member.made("softmax"), member.made(None)
    inputs = members.inputs_of(model, member.scale)
    twin.set_weights(model.get_weights())
    scores = by_hand.Scored(twin, inputs, CLASS, member.select)
    of_probability = by_hand.gradients(by_hand.Scored(model, inputs, CLASS, member.select), [inputs])
    assert np.abs(by_hand.gradients(scores, [inputs])[0] - of_probability[0]).max() > 1e-3
    assert ops.is_tensor(model(inputs))
