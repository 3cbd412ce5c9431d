"""Shortcuts that are tied to no place, on networks with hand-made weights whose answers are known."""

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.experiment.experiment import Evidence
from keras_saliency.checks.experiment.interventions import Moved
from keras_saliency.checks.experiment.recolouring import Recolouring
from keras_saliency.checks.proposals.casts import cast_of, whole_numbers
from keras_saliency.checks.shared.statistics import Proportion
from keras_saliency.checks.shared.subject import Subject
from keras_saliency.checks.unexpected_content import Content, common_contents

SIDE, EACH = 24, 6
MARK = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0], [0, 0, 1, 1]], "float32")


def grounds(rng, channels=1):
    """Three classes that a bright third of the image tells: left, middle, right."""
    labels = np.repeat(np.arange(3), EACH)
    images = rng.uniform(0.3, 0.5, (len(labels), SIDE, SIDE, channels)).astype("float32")
    for image, label in zip(images, labels, strict=True):
        image[:, 8 * label : 8 * label + 8] += rng.uniform(0.05, 0.1)
    return images, labels


def marked(anywhere=True):
    """The mark is on every image of class 1, at another place each time."""
    rng = np.random.default_rng(0)
    images, labels = grounds(rng)
    for image in images[EACH : 2 * EACH]:
        top, left = rng.integers(0, SIDE - 3, 2) if anywhere else (2, 3)
        image[top : top + 4, left : left + 4, 0] = MARK
    return ks.ProbeSet(images, labels)


def searching(weight):
    """The brightness of the thirds; class 1 also gets `weight` × the best match with the mark, wherever it is."""
    inputs = keras.Input((SIDE, SIDE, 1))
    thirds = layers.Dense(3, use_bias=False, name="thirds")(
        layers.Reshape((3,))(layers.AveragePooling2D((SIDE, 8))(inputs))
    )
    match = layers.GlobalMaxPooling2D()(layers.Conv2D(1, 4, activation="relu", name="match")(inputs))
    extra = layers.Dense(3, use_bias=False, name="extra")(match)
    model = keras.Model(inputs, layers.Softmax()(layers.Add()([thirds, extra])))
    kernel = (MARK - 0.5)[..., None, None]  # 4 on the mark itself, about 0 on the ground
    model.get_layer("thirds").set_weights([60 * np.eye(3)])
    model.get_layer("match").set_weights([kernel, np.array([-3.0])])
    model.get_layer("extra").set_weights([np.array([[0.0, weight, 0.0]])])
    return model


def run(model, probes, check="unexpected_content"):
    return ks.check(model, probes, check).results[0]


@pytest.mark.backend
def test_a_mark_that_is_read_wherever_it_is():
    found = run(searching(20.0), marked())
    assert found.status == "failed", found.sentence
    assert found.value == 1
    assert found.details["kind"] == "mark"
    assert found.sentence.startswith(
        "The model rests on a mark that moves about, 2.8% of the image: taken out of 6"
    )
    assert set(found.pictures) == {"taken_out", "put_in"}
    tried = found.details["contents"][0]
    assert tried["put elsewhere"]["hits"] == tried["put elsewhere"]["count"] > 0


def test_a_mark_that_is_not_read_is_no_shortcut():
    found = run(searching(0.0), marked())
    assert found.status == "passed"
    assert found.value == 0


def test_what_stays_in_its_place_is_a_region():
    found = run(searching(20.0), marked(anywhere=False))
    assert found.status == "passed"
    assert "mark" not in {content["kind"] for content in found.details["contents"]}
    region = run(searching(20.0), marked(anywhere=False), "unexpected_region")
    assert region.status == "failed"
    expected = np.zeros((SIDE, SIDE), bool)
    expected[2:6, 3:7] = True
    assert (region.details["region"] & expected).sum() >= 8


def test_nothing_recurs_in_images_without_a_mark():
    rng = np.random.default_rng(0)
    found = run(searching(20.0), ks.ProbeSet(*grounds(rng)))
    assert found.status == "passed"
    assert "nothing recurs in a class alone" in found.sentence
    assert (found.value, found.limit, found.direction) == (0, 0.5, "at_most")


def by_colour(weight):
    """The brightness of the thirds; class 2 also gets `weight` × (red − blue)."""
    weights = np.zeros((SIDE, SIDE, 3, 3))
    for index in range(3):
        weights[:, 8 * index : 8 * index + 8, :, index] = 60 / (SIDE * 8 * 3)
    weights[..., 0, 2] += weight / SIDE**2
    weights[..., 2, 2] -= weight / SIDE**2
    model = keras.Sequential(
        [keras.Input((SIDE, SIDE, 3)), layers.Flatten(), layers.Dense(3, activation="softmax")]
    )
    model.set_weights([weights.reshape(-1, 3), np.zeros(3)])
    return model


@pytest.mark.parametrize("kind", ["float", "uint8"])
@pytest.mark.parametrize(("weight", "status"), [(100.0, "failed"), (0.0, "passed")])
def test_a_cast_of_colours(kind, weight, status):
    images, labels = grounds(np.random.default_rng(0), channels=3)
    images[labels == 2] *= np.array([1.0, 0.75, 0.5], "float32")
    model = by_colour(weight)
    if kind == "uint8":
        images = (255 * images).astype("uint8")
        model = keras.Sequential(
            [keras.Input((SIDE, SIDE, 3), dtype="uint8"), layers.Rescaling(1 / 255), *model.layers]
        )
    found = run(model, ks.ProbeSet(images, labels))
    assert found.status == status, found.sentence
    if status == "failed":
        assert found.details["kind"] == "cast"
        assert found.value == 1
        assert "a cast of the whole image, " in found.sentence


def cast(class_names=None):
    """Probes of which class 2 is red."""
    images, labels = grounds(np.random.default_rng(0), channels=3)
    images[labels == 2] *= np.array([1.0, 0.75, 0.5], "float32")
    return ks.ProbeSet(images, labels, class_names=class_names)


def test_marks_and_casts_of_each_class(fake_method):
    given = cast()
    images, labels = given.images.copy(), given.labels
    places = np.zeros(images.shape[:3], bool)
    for row, (top, left) in enumerate(np.random.default_rng(1).integers(0, SIDE - 3, (EACH, 2)), EACH):
        places[row, top : top + 4, left : left + 4] = True
        images[row, top : top + 4, left : left + 4] = MARK[..., None]
    maps = np.where(places, 50.0, 1.0)[..., None] * np.ones(3)
    subject = Subject.of(by_colour(0.0), ks.ProbeSet(images, labels), fake_method(lambda images, rng: maps))
    found = {(one.class_index, one.kind): one for one in common_contents(subject, labels, [0, 1, 2])}
    mark, colour = found[1, "mark"], found[2, "cast"]
    assert mark.words == "a mark that moves about, 2.8% of the image"
    assert mark.experiment.has_content.tolist() == (labels == 1).tolist()
    changed = abs(mark.experiment.emptied - images).max(-1) > 0
    np.testing.assert_array_equal(changed[labels == 1], places[labels == 1])
    assert colour.words == f"a cast of the whole image, {cast_of(whole_numbers(images), labels, 2).words}"
    assert type(colour.experiment) is Recolouring


def moved(hits, count):
    """`hits` of `count` images arrive; the others do not move."""
    return Moved.between(np.ones(count), np.repeat([-0.5, 1.0], [hits, count - hits]))


def judged(*given, limit=0.5, class_names=None):
    """The result for a cast of class 1 and, if there is a second one, of class 2, that move these of that many."""
    subject = Subject.of(by_colour(0.0), cast(class_names))
    tried = [
        (
            Content(index, f"kind {index}", f"words {index}", Recolouring(subject, index)),
            Evidence(
                index, moved(hits, count), moved(hits, count), Proportion(0, 0), len(given), whole_way=True
            ),
        )
        for index, (hits, count) in enumerate(given, 1)
    ]
    return ks.UnexpectedContent(limit=limit).verdict(subject, tried)


NONE = "No mark that moves about and no cast decides for a class"


@pytest.mark.parametrize(
    ("given", "status", "value", "words"),
    [
        ([], "passed", 0.0, f"{NONE}: nothing recurs in a class alone."),
        ([(2, 8), (3, 8)], "passed", 3 / 8, f"{NONE}: 2 were tried, the strongest moves 38% of the images."),
        ([(8, 8), (6, 8)], "failed", 1.0, "The model rests on words 1: taken out of 8 images of class 1 (b)"),
        ([(6, 8), (8, 8)], "failed", 1.0, "The model rests on words 2: taken out of 8 images of class 2 (c)"),
        ([(3, 8), (8, 16)], "warned", 0.5, "The model may rest on words 2: taken out of 16 images of class 2 (c)"),
        # 16 of 16 are certain, and 2 of 2 are not (0.005 ** (1/4) = 0.27); what is certain comes first.
        ([(2, 2), (14, 16)], "failed", 14 / 16, "The model rests on words 2: "),
        ([(2, 2), (3, 8)], "warned", 1.0, "The model may rest on words 1: "),
    ],
)  # fmt: skip
def test_verdicts(given, status, value, words):
    found = judged(*given, class_names=["a", "b", "c"])
    assert (found.name, found.status, found.value) == ("unexpected_content", status, value)
    assert (found.limit, found.direction) == (0.5, "at_most")
    assert found.sentence.startswith(words)
    tried = found.details["contents"]
    assert [(one["kind"], one["content"]) for one in tried] == [
        (f"kind {index}", f"words {index}") for index in range(1, len(given) + 1)
    ]
    assert [tuple(one["taken out"]["half of the way"].values()) for one in tried] == given
    assert set(found.pictures) == (set() if status == "passed" else {"taken_out", "put_in"})
    assert ("kind" in found.details) == (status != "passed")


def test_the_limit_of_a_verdict():
    for limit, status in ((0.75, "failed"), (0.76, "passed")):
        assert judged((12, 16), limit=limit).status == status


def test_what_is_tried_is_one_comparison_each_and_must_arrive():
    found = run(by_colour(100.0), cast())
    (tried,) = found.details["contents"]
    assert (tried["class"], tried["kind"], tried["comparisons"]) == (2, "cast", 1)
    assert (found.details["kind"], found.details["content"]) == ("cast", tried["content"])


def test_where_fewer_than_the_limit_leave_nothing_is_put_in():
    (tried,) = run(by_colour(30.0), cast(), ks.UnexpectedContent(limit=0.9)).details["contents"]
    assert tried["taken out"]["half of the way"] == {"hits": 5, "count": 6}
    assert tried["put in"]["half of the way"]["count"] == 0


def test_what_it_needs():
    images, labels = grounds(np.random.default_rng(0))
    few = ks.ProbeSet(images[[0, 1, 6, 7]], labels[[0, 1, 6, 7]])
    assert "from 3 images of it" in run(searching(0.0), few).sentence
    one = keras.Sequential([keras.Input((SIDE, SIDE, 1)), layers.Flatten(), layers.Dense(1)])
    assert run(one, ks.ProbeSet(images)).status == "errored"
    for labels, count in (([0] * EACH, EACH), ([0, 0, 0, 1, 1, 1], 6)):
        alone = run(searching(0.0), ks.ProbeSet(images[:count], labels))
        assert (alone.status == "errored") == (len(set(labels)) == 1)
    row = keras.Sequential([keras.Input((5,)), layers.Dense(2)])
    assert (
        "No input is an image, so there is no content."
        in run(row, ks.ProbeSet(np.ones((4, 5), "float32"))).sentence
    )
    for wrong in (0, 1.1):
        with pytest.raises(ValueError, match="limit"):
            ks.UnexpectedContent(limit=wrong)
    assert ks.UnexpectedContent(limit=1).limit == 1
