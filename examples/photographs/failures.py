"""Eight ways to get a map that misleads: each gives rows of pictures with labels, and what was measured.

A claim that the page makes of them is held here: what does not come out as it says is an error, and no page is made.
"""

import warnings

import keras
import numpy as np
from lite0 import SIZE
from scipy.stats import spearmanr
from sheet import CLASSES, laid_over, photograph

import keras_saliency as ks

CAT, ESPRESSO, TRIPOD = 285, 967, 872
BLACK = 40
"""A pixel is black whose channels are all below it, of 255."""


def random_weights(model, photographs):
    """Cascading randomization (Adebayo et al. 2018): new weights from the scores down to the image."""
    picture = photographs["chelsea"]
    cuts = {
        "trained": None,
        "new scores": "_fc",
        "and blocks 11 to 15": "_blocks-11-_expand_conv",
        "all weights new": "",
    }
    networks = [_new_from(model, cut) for cut in cuts.values()]
    rows, agreement = [], {}
    for words, method in {"gradient": ks.Gradient(), "guided": ks.GuidedBackprop()}.items():
        maps = [_map(network, picture, method, CAT) for network in networks]
        agreement[method.name] = [spearmanr(maps[0].ravel(), each.ravel()).statistic for each in maps[1:]]
        labels = [f"{words}: {cut}" for cut in cuts]
        rows.append(([laid_over(picture, each) for each in maps], labels))
    gradient, guided = agreement["gradient"], agreement["guided_backprop"]
    _holds(guided[0] > 0.95, guided[1] > 0.9, gradient[0] < 0.5, guided[2] > gradient[2] + 0.2)
    return rows, (
        "Rank correlation with the map of the trained network, from the second column on. Gradient: "
        f"{_listed(gradient)}. Guided backpropagation: {_listed(guided)}."
    )


def _new_from(model, cut):
    """The network with new weights from this layer on; None: as it is, empty: all are new."""
    if cut is None:
        return model
    keras.utils.set_random_seed(0)
    copy = keras.models.clone_model(model)
    kept = [layer.name for layer in model.layers].index(cut) if cut else 0
    for layer, twin in zip(model.layers[:kept], copy.layers, strict=False):
        twin.set_weights(layer.get_weights())
    return copy


def few_steps(model, photographs):
    """Integrated gradients whose sum is not the change of the score."""
    picture = photographs["chelsea"]
    methods = [ks.IntegratedGradients(steps, baseline="mean") for steps in (2, 8, 32, "auto")]
    found = [_explained(model, picture, method, CAT) for method in methods]
    errors = [each.diagnostics["completeness_error"][0] for each in found]
    taken = found[-1].diagnostics["evaluations"][0]
    _holds(errors[1] > errors[0] > 0.2, errors[-1] <= 0.02)
    labels = ["2 steps", "8 steps", "32 steps", f"as needed: {taken} steps"]
    tiles = [laid_over(picture, each.heatmaps()[0]) for each in found]
    return [
        (tiles, labels)
    ], f"From left to right, the maps miss {_percent(errors)} of the change of the score."


def black_baseline(model, photographs):
    """Integrated gradients from black, of an object that is black."""
    del photographs
    picture = photograph("camera", SIZE)
    black = (picture < BLACK).all(-1)
    baselines = {"from black": 0.0, "from white": 255.0, "both": [0.0, 255.0]}
    maps = [
        _map(model, picture, ks.IntegratedGradients(baseline=baseline), TRIPOD)
        for baseline in baselines.values()
    ]
    shares = [each[black].sum() / each.sum() for each in maps]
    said = ks.explain(model, picture[None], "activations")
    _holds(said.predicted_classes[0] == TRIPOD, shares[1] > 3 * shares[0])
    tiles = [picture.astype("uint8"), *(laid_over(picture, each) for each in maps)]
    return [(tiles, [f"camera: tripod, {said.probabilities[0]:.2f}", *baselines])], (
        f"Black pixels (below {BLACK} of 255) are {100 * black.mean():.0f} % of the picture. "
        f"They get {_percent(shares)} of the map: from black, from white, from both."
    )


def wrong_layer(model, photographs):
    """Grad-CAM at layers from early to late."""
    picture = photographs["chelsea"]
    layers = ("_blocks-0-_bn1_relu", "_blocks-4-sum", "_blocks-10-sum", "auto")
    found = [_explained(model, picture, ks.GradCAM(layer), CAT) for layer in layers]
    places = [each.diagnostics["grid"] for each in found]
    labels = [f"{rows} × {columns} places" for rows, columns in places]
    maps = [each.heatmaps()[0] for each in found]
    agreement = [spearmanr(maps[-1].ravel(), each.ravel()).statistic for each in maps[:-1]]
    _holds(agreement[0] < 0.3)
    return [([laid_over(picture, each) for each in maps], labels)], (
        f"Rank correlation with the map at the last layer: {_listed(agreement)}."
    )


def too_much_noise(model, photographs):
    """SmoothGrad with more and more noise, and what the network says of the noisy copies."""
    picture = photographs["chelsea"]
    noises = (0.0, 0.15, 0.5, 1.0)
    maps = [
        _map(model, picture, ks.SmoothGrad(noise=noise) if noise else ks.Gradient(), CAT) for noise in noises
    ]
    rng, spread = np.random.default_rng(0), np.ptp(picture)
    copies = [picture + noise * spread * rng.normal(size=(24, *picture.shape)) for noise in noises]
    p = [_probabilities(model, each)[:, CAT].mean() for each in copies]
    _holds(p[0] > 0.3, p[3] < 0.01)
    labels = ["no noise", *[f"noise={noise}" for noise in noises[1:]]]
    return [([laid_over(picture, each) for each in maps], labels)], (
        f"The probability of the cat, as a mean over the noisy copies: {', '.join(f'{each:.3f}' for each in p)}."
    )


def wrong_patch(model, photographs):
    """Occlusion with patches from too small to too large."""
    picture = photographs["coffee"]
    patches = {16: 16, 48: 16, 144: 16}
    methods = [ks.Occlusion(patch=patch, stride=stride, fill="mean") for patch, stride in patches.items()]
    found = [_explained(model, picture, method, ESPRESSO) for method in methods]
    most = [each.maps.max() for each in found]
    _holds(most[0] < most[1] < most[2], found[2].maps.min() > 0)
    tiles = [
        picture.astype("uint8"),
        *(laid_over(picture, each.heatmaps("signed")[0], signed=True) for each in found),
    ]
    labels = ["coffee", *[f"patch={patch}" for patch in patches]]
    return [(tiles, labels)], (
        f"The largest drop of the score, {found[0].scores[0]:.1f} for the whole image: {_listed(most)}. The passes: "
        f"{', '.join(str(1 + (-(-(SIZE - patch) // stride) + 1) ** 2) for patch, stride in patches.items())}."
    )


def saturated(model, photographs):
    """The gradient of the probability and of the score before the softmax, each row on one scale."""
    pictures = {**photographs, "camera": photograph("camera", SIZE)}
    del pictures["rocket"]
    names, pictures = [*pictures], np.stack([*pictures.values()])
    rows, sums = [], {}
    for words, logits in (("of the probability", "output"), ("of the score", "auto")):
        explanation = ks.explain(model, pictures, logits=logits)
        maps = explanation.heatmaps()
        sums[words] = maps.sum((1, 2))
        scale = np.quantile(maps, 0.99)
        tiles = [laid_over(*pair, scale) for pair in zip(pictures, maps, strict=True)]
        labels = [f"{words}, p = {p:.2f}" for p in explanation.probabilities]
        rows.append((tiles, labels))
    ratios = [one / one.max() for one in sums.values()]
    surest = sorted(map(names.index, ("coffee", "camera")))
    _holds(sorted(np.argsort(ratios[0])[:2]) == surest, max(ratios[0][surest]) < min(ratios[1][surest]))
    return rows, (
        "The sum of each map ÷ that of the strongest in its row. "
        f"Of the probability: {_listed(ratios[0])}. Of the score: {_listed(ratios[1])}."
    )


def not_scaled(model, photographs):
    """A network that takes pixels from 0 to 1, and gets them from 0 to 255."""
    names, pictures = [*photographs], np.stack([*photographs.values()])
    of_unit = keras.Sequential(
        [keras.Input(pictures.shape[1:]), keras.layers.Rescaling(255.0, name="to_255"), model]
    )
    rows = []
    for words, given in (("0 to 1", pictures / 255), ("0 to 255", pictures.astype("uint8"))):
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            explanation = ks.explain(of_unit, given, "grad_cam")
        tiles = [laid_over(*pair) for pair in zip(pictures, explanation.heatmaps(), strict=True)]
        said = zip(names, explanation.predicted_classes.tolist(), explanation.probabilities, strict=True)
        rows.append((tiles, [f"{words}: {CLASSES[predicted]}, {p:.2f}" for _, predicted, p in said]))
    sentences = [str(each.message) for each in warned if issubclass(each.category, ks.SaliencyWarning)]
    _holds(len(sentences) == 1, rows[0][1] != rows[1][1])
    return rows, f"What the package says of the second row: “{sentences[0]}”"


FAILURES = {
    "random weights": random_weights,
    "few steps": few_steps,
    "black baseline": black_baseline,
    "wrong layer": wrong_layer,
    "too much noise": too_much_noise,
    "wrong patch": wrong_patch,
    "saturated": saturated,
    "not scaled": not_scaled,
}


def quietly(*arguments, **options):
    """An explanation; what it warns of stands on the page, as the error that it measures."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ks.SaliencyWarning)
        return ks.explain(*arguments, **options)


def _explained(model, picture, method, target):
    return quietly(model, picture[None], method, target=target)


def _map(model, picture, method, target):
    return _explained(model, picture, method, target).heatmaps()[0]


def _probabilities(model, pictures):
    return model.predict(pictures.astype("float32"), verbose=0)


def _listed(values):
    return ", ".join(f"{value:.2f}" for value in values).replace("-", "−")


def _percent(values):
    return ", ".join(f"{100 * value:.0f} %" for value in values)


def _holds(*claims):
    if not all(claims):
        raise ValueError(f"The page claims what did not come out: {claims}")
