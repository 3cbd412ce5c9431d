"""The experiment on networks with hand-made weights: how far each image moves is known exactly.

An image of two rows holds the content in its first two columns (third channel), and in its last column how strong each
of two classes is (first and second channel). Emptied, a probe of strength s has the margin s for its own class and −s
for the other; the content adds its weight to the score of class 1. So it is `weight` ÷ s of the way towards class 1
when it is put in, and `weight` ÷ (s + `weight`) of the way out of class 1 when it is taken out.
"""

import keras
import numpy as np
import pytest
from keras import layers

import keras_saliency as ks
from keras_saliency.checks.experiment.experiment import Evidence, Experiment
from keras_saliency.checks.shared.statistics import Proportion
from keras_saliency.checks.shared.subject import Subject

WIDTH = 10
REGION = np.zeros((2, WIDTH), bool)
REGION[:, :2] = True


def reads_the_place(weight=1.0, place=REGION):
    """A class gets its strength; class 1 also `weight` × the mean of the content in `place`."""
    kernel = np.zeros((2, WIDTH, 3, 2))
    kernel[0, -1, 0, 0] = kernel[0, -1, 1, 1] = 1
    kernel[..., 2, 1] = weight * place / place.sum()
    model = keras.Sequential([keras.Input((2, WIDTH, 3)), layers.Flatten(), layers.Dense(2)])
    model.set_weights([kernel.reshape(-1, 2), np.zeros(2)])
    return model


def reads_it_anywhere(weight=1.0):
    """The same network, of the sums over all of the image: the content counts wherever it is."""
    model = keras.Sequential([keras.Input((2, WIDTH, 3)), layers.GlobalAveragePooling2D(), layers.Dense(2)])
    model.set_weights([2 * WIDTH * np.array([[1, 0], [0, 1], [0, weight / 4]]), np.zeros(2)])
    return model


def image(strength_of_0=0.0, strength_of_1=0.0, content=0.0):
    pixels = np.zeros((2, WIDTH, 3), "float32")
    pixels[0, -1, :2] = strength_of_0, strength_of_1
    pixels[REGION, 2] = content
    return pixels


OUT = [0.5, 0.9, 2, 4]  # strengths of the probes of class 1, which have the content
IN = [0.5, 0.9, 1.9, 2.1, 4, 8]  # strengths of the probes of class 0, which do not
IMAGES = [image(strength_of_1=s, content=1) for s in OUT] + [image(strength_of_0=s) for s in IN]
LABELS = [1] * len(OUT) + [0] * len(IN)


def experiment(model=None, images=IMAGES, labels=LABELS, mask=REGION, **options):
    subject = Subject.of(model or reads_the_place(), ks.ProbeSet(np.stack(images), labels))
    masks = np.broadcast_to(mask, (len(images), *mask.shape[-2:]))
    return Experiment(subject, masks, **{"fill": 0.0} | options)


def counts(moved):
    return moved.half.hits, moved.flipped.hits, moved.half.count


@pytest.mark.backend
@pytest.mark.parametrize("weight", [1.0, 0.6, 3.0])
def test_both_directions_have_the_shares_that_the_weights_say(weight):
    found = experiment(reads_the_place(weight)).about(1)
    np.testing.assert_allclose(found.taken_out.way, [weight / (s + weight) for s in OUT], rtol=1e-5)
    np.testing.assert_allclose(found.put_in.way, [weight / s for s in IN], rtol=1e-5)
    assert counts(found.taken_out) == (sum(s <= weight for s in OUT), 0, 4)
    assert counts(found.put_in) == (sum(s < 2 * weight for s in IN), sum(s < weight for s in IN), 6)
    assert found.value == min(found.taken_out.half.share, found.put_in.half.share)


def test_what_fills_the_region_moves_no_image_to_the_class():
    # The fill alone takes 2 from class 1, and any content gives it back; the last probe holds what is put in itself.
    found = experiment(images=[*IMAGES, image(strength_of_0=0.5, content=1)], labels=[*LABELS, 0], fill=-2.0)
    np.testing.assert_allclose(found.put_in(1).way, [*(1 / s for s in IN), 3 / (0.5 + 2)], rtol=1e-5)


def test_images_that_their_own_content_leads_to_the_class_are_not_led_there():
    led = image(strength_of_0=0.5, content=0.6)  # less of it than the probes of class 1 have
    found = experiment(images=[*IMAGES, led], labels=[*LABELS, 0])
    np.testing.assert_allclose(found.put_in(1).way, [1 / s for s in IN], rtol=1e-5)


@pytest.mark.backend
def test_at_other_places_it_moves_none_and_each_of_the_eight_counts():
    found = experiment(reads_the_place(6)).about(1)
    # Eight places overlap the region by at most half. At the first, half of it lies in the region and half of the
    # content does what the weights say; the last covers the strength of the class, and leaves a margin of 0.
    by_half = sum(s <= 6 for s in IN)
    assert (found.elsewhere.hits, found.elsewhere.count) == (by_half + len(IN), 8 * len(IN))
    assert not found.is_read_anywhere


@pytest.mark.backend
def test_content_that_is_read_anywhere_moves_as_many_at_other_places():
    found = experiment(reads_it_anywhere(1)).about(1)
    assert counts(found.put_in) == (3, 2, 6)
    assert (found.elsewhere.hits, found.elsewhere.count) == (7 * 3 + 6, 48)
    assert found.is_read_anywhere
    assert found.elsewhere.share == pytest.approx(27 / 48)


def test_content_of_one_direction_only_is_no_shortcut():
    # Class 1 is as strong without the content; put into others it moves all of them.
    strong = [image(strength_of_1=45, content=1)] * 4 + [image(strength_of_0=s) for s in IN]
    found = experiment(reads_the_place(20), strong).about(1)
    assert counts(found.taken_out) == (0, 0, 4)
    assert counts(found.put_in) == (6, 6, 6)
    assert found.value == 0


def test_only_probes_that_are_predicted_as_the_class_are_emptied():
    images = [*IMAGES, image(strength_of_0=9, strength_of_1=1, content=1), image(strength_of_1=1)]
    found = experiment(images=images, labels=[*LABELS, 1, 1])
    # The first is predicted as class 0, the second has no content.
    assert len(found.taken_out(1).way) == len(OUT)
    assert found.has_content.tolist() == [True] * 4 + [False] * 6 + [True, False]
    assert found.donors(1).tolist() == [0, 1, 2, 3, 10]
    assert found.donors(0).tolist() == []
    assert found.put_in(0).way.tolist() == []


def test_only_probes_of_other_classes_that_are_not_predicted_as_this_one_receive():
    wrong = image(strength_of_1=9)  # labelled 0, predicted 1, with and without the content
    led = image(strength_of_0=0.5, content=1)  # labelled 0, predicted 1 by its content alone
    found = experiment(images=[*IMAGES, wrong, led], labels=[*LABELS, 0, 0])
    assert found.receivers(1).tolist() == [4, 5, 6, 7, 8, 9, 11]
    assert found.receivers(0).tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(found.put_in(1).way, [1 / s for s in [*IN, 0.5]], rtol=1e-5)


def test_without_labels_the_predictions_are_the_classes():
    found = experiment(labels=None)
    assert found.classes.tolist() == LABELS
    wrong = experiment(labels=[0] * 9 + [1])
    assert wrong.classes.tolist() == [0] * 9 + [1]


def test_where_the_class_has_no_probes_all_that_have_content_give_it():
    found = experiment(images=[*IMAGES[4:], image(strength_of_0=1, content=2)], labels=[0] * 7)
    assert found.donors(1).tolist() == [6]
    assert counts(found.taken_out(1)) == (0, 0, 0)
    # The last is predicted as class 1 with its content and not without: it receives its own.
    np.testing.assert_allclose(found.put_in(1).way, [2 / s for s in [*IN, 1]], rtol=1e-5)


def test_given_content_is_put_in_whatever_the_probes_have():
    for content in (np.broadcast_to([0, 0, 3.0], (2, WIDTH, 3)), np.array([0, 0, 3.0])):
        found = experiment(content=content)
        np.testing.assert_allclose(found.put_in(1).way, [3 / s for s in IN], rtol=1e-5)
    plain = experiment(content=np.full((2, WIDTH), 3.0))  # for all channels
    np.testing.assert_allclose(plain.put_in(1).way, [3 / s for s in IN], rtol=1e-5)


def test_the_content_of_each_donor_is_drawn():
    images = [image(strength_of_1=9, content=c) for c in (1, 2, 3)] + [image(strength_of_0=4)] * 60
    way = experiment(images=images, labels=[1] * 3 + [0] * 60).put_in(1).way
    assert sorted({float(round(4 * gone)) for gone in way}) == [1, 2, 3]


def test_a_region_holds_something_from_a_tenth_of_the_deviation_on():
    def holding(content):
        images = [image(strength_of_0=1, content=content), image(strength_of_0=1), image(strength_of_0=9)]
        deviation = np.std(np.stack(images))
        # The root mean square over the region's pixels and channels, one of three of which holds it.
        assert experiment(images=images, labels=[0, 0, 0]).has_content.tolist() == [
            np.sqrt(content**2 / 3) >= 0.1 * deviation,
            False,
            False,
        ]
        return np.sqrt(content**2 / 3) / deviation

    assert holding(0.11) < 0.1 < holding(0.13)


def test_masks_are_their_own_for_each_probe():
    masks = np.broadcast_to(REGION, (len(IMAGES), 2, WIDTH)).copy()
    masks[4:] = np.roll(
        REGION, 1, axis=1
    )  # where the others receive, only half of the content lands on the place
    found = experiment(mask=masks)
    np.testing.assert_allclose(found.put_in(1).way, [0.5 / s for s in IN], rtol=1e-5)


def test_the_search_stops_where_the_limit_cannot_be_reached():
    model = reads_the_place(1)
    full = experiment(model).about(1)
    assert full.value == 0.5
    # 2 of 4 leave: goes on at 0.5, and stops above it unless few images are allowed for.
    same = experiment(model).about_if_left(1, 3, 0.5, by_chance=False)
    assert (counts(same.taken_out), counts(same.put_in)) == (counts(full.taken_out), counts(full.put_in))
    assert (same.elsewhere, same.comparisons) == (full.elsewhere, 3)
    stopped = experiment(model).about_if_left(1, 3, 0.51, by_chance=False)
    assert (len(stopped.put_in.way), stopped.elsewhere, stopped.comparisons) == (0, Proportion(0, 0), 3)
    # The upper bound of 2 of 4 is 0.96. Put in, 3 of 6 move: less than 0.51, so that nothing is put elsewhere.
    lenient = experiment(model).about_if_left(1, 3, 0.51)
    assert (counts(lenient.put_in), lenient.elsewhere.count) == ((3, 2, 6), 0)
    assert len(experiment(model).about_if_left(1, 3, 0.97).put_in.way) == 0


def test_of_those_that_must_arrive_those_that_arrive_elsewhere_count():
    # Read anywhere, 3 of 6 go half of the way and 2 arrive, at seven places; all at the one that covers their strength.
    given = experiment(reads_it_anywhere(1))
    half, whole = (given.about_if_left(1, 1, 0.3, whole_way=whole) for whole in (False, True))
    assert (half.elsewhere, whole.elsewhere) == (Proportion(7 * 3 + 6, 48), Proportion(7 * 2 + 6, 48))
    assert (half.value, whole.value) == (0.5, 2 / 6)
    assert given.about_if_left(1, 1, 0.4, whole_way=True).elsewhere.count == 0


def test_content_that_is_given_needs_no_probe_that_has_any():
    bare = {"images": IMAGES[4:], "labels": [0, 0, 0, 0, 1, 1]}
    assert experiment(**bare).receivers(1).tolist() == []
    given = experiment(**bare, content=np.broadcast_to([0, 0, 3.0], (2, WIDTH, 3)))
    assert given.receivers(1).tolist() == [0, 1, 2, 3]
    np.testing.assert_allclose(given.put_in(1).way, [3 / s for s in IN[:4]], rtol=1e-5)


def test_of_more_than_eight_other_places_eight_are_tried():
    column = np.zeros((2, WIDTH), bool)
    column[:, 0] = True  # it can be moved to nine others
    assert experiment(mask=column).about(1).elsewhere.count == 8 * len(IN)
    assert experiment(mask=column).put_elsewhere(1, places=3).count == 3 * len(IN)


def test_one_class_is_one_comparison():
    assert experiment().about(1).comparisons == 1
    assert experiment().about(1, 5).comparisons == 5
    found = experiment().about(1)
    assert Evidence(1, found.taken_out, found.put_in, found.elsewhere).comparisons == 1


def test_the_box_is_that_of_all_masks():
    masks = np.zeros((len(IMAGES), 2, WIDTH), bool)
    masks[:, 0, 0] = True
    masks[-1, 0, 0], masks[-1, 1, 4] = False, True
    emptied = experiment(mask=masks, fill=7.0).emptied
    np.testing.assert_array_equal(emptied, np.where(masks[..., None], 7.0, np.stack(IMAGES)))


def test_a_class_without_probes_is_still_put_in():
    found = experiment(images=[*IMAGES[4:], image(strength_of_0=1, content=2)], labels=[0] * 7)
    assert found.about_if_left(1, 1, 0.5).put_in.half.count == 7


def test_the_same_seed_draws_the_same():
    first, second = (experiment(reads_the_place(2)).about(1) for _ in range(2))
    np.testing.assert_array_equal(first.put_in.way, second.put_in.way)
    assert first.elsewhere == second.elsewhere


def test_where_nobody_can_receive_nothing_is_put_anywhere():
    found = experiment(images=IMAGES[:4], labels=[1] * 4).about(1)
    assert (len(found.put_in.way), found.elsewhere.hits, found.elsewhere.count) == (0, 0, 0)
    assert found.value == 0  # of one direction alone: none leaves
