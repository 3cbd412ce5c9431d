"""Numbers that callers give: what is read, and what is refused in one sentence, at every public door."""

import argparse
import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import keras_saliency as ks
from keras_saliency import metrics
from keras_saliency.arguments import LARGEST, real, setting, told_to, whole, writes_code
from keras_saliency.checks.gate.config import Config
from keras_saliency.checks.golden import add_golden, save_golden
from keras_saliency.cli.arguments import whole_number
from keras_saliency.looks.writers import TensorBoardWriter

IMAGES = np.random.default_rng(0).normal(size=(4, 6, 6, 1)).astype("float32")
MAPS = np.abs(IMAGES[..., 0])
PROBES = ks.ProbeSet(IMAGES, [0, 0, 1, 1])
NOWHERE = Path("no/such/folder")


def unasked(*_):
    raise RuntimeError("the argument was read")


def rng():
    return np.random.default_rng(0)


def areas(**options):
    return metrics.random_order_areas("deletion", IMAGES, unasked, rng(), **options)


FIELDS = {
    "Batches": (lambda value: ks.Batches(value), "count", 1),
    "Region": (lambda value: ks.Region("corner", means=value), "means", 0),
    "ExpectedGradients": (lambda value: ks.ExpectedGradients(samples=value), "samples", 1),
    "Faithfulness, orders": (lambda value: ks.Faithfulness(orders=value), "orders", 1),
    "Faithfulness, steps": (lambda value: ks.Faithfulness(steps=value), "steps", 1),
    "FiniteDifference": (lambda value: ks.FiniteDifference(probes=value), "probes", 1),
    "IntegratedGradients": (lambda value: ks.IntegratedGradients(steps=value), "steps", 1),
    "BlurIntegratedGradients": (lambda value: ks.BlurIntegratedGradients(steps=value), "steps", 1),
    "GuidedIntegratedGradients": (lambda value: ks.GuidedIntegratedGradients(steps=value), "steps", 1),
    "Occlusion, patch": (lambda value: ks.Occlusion(patch=value), "patch", 1),
    "Occlusion, stride": (lambda value: ks.Occlusion(stride=value), "stride", 1),
    "ParameterRandomization": (lambda value: ks.ParameterRandomization(draws=value), "draws", 1),
    "RISE, samples": (lambda value: ks.RISE(samples=value), "samples", 1),
    "RISE, cells": (lambda value: ks.RISE(cells=value), "cells", 1),
    "ScoreCAM": (lambda value: ks.ScoreCAM(channels=value), "channels", 1),
    "SmoothGrad": (lambda value: ks.SmoothGrad(samples=value), "samples", 1),
    "SmoothGradSquared": (lambda value: ks.SmoothGradSquared(samples=value), "samples", 1),
    "Stability": (lambda value: ks.Stability(samples=value), "samples", 1),
    "Untrained": (lambda value: ks.Untrained(initialisations=value), "initialisations", 1),
    "VarGrad": (lambda value: ks.VarGrad(samples=value), "samples", 1),
    "config": (lambda value: Config.of({"seed": value}), "seed", 0),
}
"""What keeps the number: how it is made, the name of the number, and the lowest that is accepted."""

CALLS = {
    "SaliencyCallback, every": (lambda value: ks.SaliencyCallback(PROBES, every=value), "every", 1),
    "SaliencyCallback, seed": (lambda value: ks.SaliencyCallback(IMAGES, seed=value), "seed", 0),
    "SaliencyCallback, max_disk": (lambda value: ks.SaliencyCallback(PROBES, max_disk=value), "max_disk", 1),
    "SaliencyCallback.look": (lambda value: ks.SaliencyCallback(PROBES).look(None, value), "step", None),
    "ScoredModel": (lambda value: ks.ScoredModel(None, chunk_size=value), "chunk_size", 1),
    "explain, seed": (lambda value: ks.explain(None, None, seed=value), "seed", 0),
    "explain, chunk_size": (lambda value: ks.explain(None, IMAGES, chunk_size=value), "chunk_size", 1),
    "check, seed": (lambda value: ks.check(None, PROBES, seed=value), "seed", 0),
    "check, chunk_size": (lambda value: ks.check(None, PROBES, chunk_size=value), "chunk_size", 1),
    "save_golden": (lambda value: save_golden(NOWHERE, None, PROBES, seed=value), "seed", 0),
    "add_golden": (lambda value: add_golden(NOWHERE, None, PROBES, seed=value), "seed", 0),
    "ProbeSet.sample, per_class": (
        lambda value: ks.ProbeSet.sample(IMAGES, [0, 0, 1, 1], per_class=value),
        "per_class",
        1,
    ),
    "ProbeSet.sample, seed": (lambda value: ks.ProbeSet.sample(IMAGES, [0] * 4, seed=value), "seed", 0),
    "ProbeSet.sample, limit": (lambda value: ks.ProbeSet.sample(IMAGES, [0] * 4, limit=value), "limit", 1),
    "TensorBoardWriter": (lambda value: TensorBoardWriter(max_side=value), "max_side", 1),
    "infidelity": (
        lambda value: metrics.infidelity(IMAGES, IMAGES, unasked, rng(), samples=value),
        "samples",
        1,
    ),
    "max_sensitivity": (
        lambda value: metrics.max_sensitivity(IMAGES, IMAGES, unasked, rng(), samples=value),
        "samples",
        1,
    ),
    "deletion_curve": (
        lambda value: metrics.deletion_curve(MAPS, IMAGES, unasked, rng(), steps=value),
        "steps",
        1,
    ),
    "insertion_area": (
        lambda value: metrics.insertion_area(MAPS, IMAGES, unasked, rng(), steps=value),
        "steps",
        1,
    ),
    "random_order_areas, orders": (lambda value: areas(orders=value), "orders", 1),
    "random_order_areas, steps": (lambda value: areas(steps=value), "steps", 1),
}
OTHERWISE = {"every": "ks.Batches(count)", "max_disk": 'a text such as "200 MB", or None'}
OTHERWISE |= dict.fromkeys(["chunk_size", "patch", "stride", "channels", "means"], "None")
NO_NUMBERS = [True, 1.0, 1.5, "3", None, math.nan, 10**30, np.float32(3), np.True_, [3], np.array([3])]
NUMBERS = [3, 0, -1, np.int64(3), np.int8(3), np.uint16(3), np.int64(0), np.int8(-1)]


def refusal(call, value):
    """The sentence that refuses a value; None where it is accepted, whatever else is wrong."""
    try:
        call(value)
    except Exception as error:
        is_refused = isinstance(error, ValueError) and " whole number" in str(error)
        return str(error) if is_refused else None
    return None


def sentence(name, least, value):
    wanted = "a whole number" + ("" if least is None else f" of at least {least}")
    if isinstance(value, int) and value > LARGEST:
        wanted += (" and " if least is not None else " ") + f"of at most {LARGEST}"
    wanted += f", or {OTHERWISE[name]}" if name in OTHERWISE else ""
    return f"Expected {name} to be {wanted}. Received: {name}={value!r}"


@pytest.mark.parametrize("value", [*NO_NUMBERS, *NUMBERS], ids=repr)
@pytest.mark.parametrize("door", [*FIELDS, *CALLS])
def test_every_door_reads_whole_numbers_alike(door, value):
    call, name, least = (FIELDS | CALLS)[door]
    accepted = any(value is number for number in NUMBERS) and (least is None or value >= least)
    accepted |= value is None and OTHERWISE.get(name, "").endswith("None")
    accepted |= value == "3" and name == "max_disk"
    wanted = sentence(name, least, value)
    if door == "IntegratedGradients":
        wanted = wanted.replace(". Received", ', or "auto". Received')
    assert refusal(call, value) == (None if accepted else wanted)


@pytest.mark.parametrize("value", [np.int64(3), np.int8(3)], ids=repr)
@pytest.mark.parametrize("door", FIELDS)
def test_what_is_kept_is_an_int(door, value):
    call, name, _ = FIELDS[door]
    kept = getattr(call(value), name)
    assert (type(kept), kept) == (int, 3)


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "three", "", "nan", "1" * 30])
def test_options_of_a_command_are_read_alike(text):
    with pytest.raises(
        argparse.ArgumentTypeError, match="Expected epochs to be a whole number of at least 1"
    ):
        whole_number("epochs", 1)(text)
    assert whole_number("epochs", 1)(" 12 ") == 12


def test_the_largest_whole_number():
    assert whole("seed", LARGEST) == LARGEST
    assert whole("seed", -LARGEST) == -LARGEST
    with pytest.raises(
        ValueError, match=f"^Expected seed to be a whole number of at most {LARGEST}. Received"
    ):
        whole("seed", LARGEST + 1)


@pytest.mark.parametrize(
    ("value", "bounds", "wanted"),
    [
        (True, {}, "a finite number"),
        ("3", {}, "a finite number"),
        (None, {}, "a finite number"),
        (math.nan, {"least": 0}, "a number of at least 0"),
        (math.inf, {"least": 0}, "a number of at least 0"),
        (-0.1, {"least": 0}, "a number of at least 0"),
        (0, {"above": 0}, "a number above 0"),
        (1.1, {"least": 0, "most": 1}, "a number from 0 to 1"),
        (0, {"above": 0, "most": 1}, "a number above 0 and of at most 1"),
        (1, {"above": 0, "below": 1}, "a number above 0 and below 1"),
    ],
)
def test_numbers_that_are_refused(value, bounds, wanted):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the whole sentence is compared below
        real("share", value, **bounds)
    assert str(caught.value) == f"Expected share to be {wanted}. Received: share={value!r}"


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.int8(1), Fraction(1, 2)])
def test_numbers_that_are_read(value):
    read = real("share", value, above=0, most=1)
    assert (type(read), read) == (float, float(value))


LIMITS = {
    ks.Accuracy: ("limit", {"least": 0, "most": 1}),
    ks.Completeness: ("worst", {"least": 0}),
    ks.FiniteDifference: ("limit", {"least": 0}),
    ks.InputDependence: ("limit", {"least": -1, "most": 1}),
    ks.Nonzero: ("limit", {"least": 0, "most": 1}),
    ks.ParameterRandomization: ("limit", {"least": -1, "most": 1}),
    ks.RandomLogit: ("limit", {"least": -1, "most": 1}),
    ks.Repeatability: ("limit", {"least": 0}),
    ks.Stability: ("radius", {"above": 0}),
    ks.TargetDependence: ("limit", {"least": -1, "most": 1}),
    ks.UnexpectedContent: ("limit", {"above": 0, "most": 1}),
    ks.UnexpectedRegion: ("limit", {"above": 0, "most": 1}),
}


def outcome(call):
    """What a call gives, or the sentence that refuses it."""
    try:
        return call()
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize("value", ["0.5", None, True, math.nan, -2, 0, 0.25, 2], ids=repr)
@pytest.mark.parametrize("check", LIMITS)
def test_limits_of_checks(check, value):
    name, bounds = LIMITS[check]
    assert outcome(lambda: getattr(check(**{name: value}), name)) == outcome(
        lambda: real(name, value, **bounds)
    )


def test_an_argument_is_named_as_its_reader_gives_it():
    assert (setting("logits", "output"), writes_code()) == ('logits="output"', True)
    with told_to("command line"):
        assert (setting("logits", "output"), writes_code()) == ("--logits output", False)
        with told_to("settings"):
            assert (setting("logits", "output"), writes_code()) == ('logits="output"', False)
        assert setting("logits", "output") == "--logits output"
    assert (setting("logits", "output"), writes_code()) == ('logits="output"', True)
