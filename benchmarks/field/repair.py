"""What repairs do to the trainings of the field: from the same weights, on as many batches, then judged as before.

Each way gets a network with its first weights and a new optimizer. One line of `repairs.jsonl` is one training
repaired in one way.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import keras
import numpy as np
from scipy.ndimage import binary_closing

import keras_saliency as ks
from benchmarks.field.cases import MARKS, PAIRS, Case, Role
from benchmarks.field.data import DATA, Images, photographs
from benchmarks.field.judging import stored_model
from benchmarks.field.training import BATCH, World, measured, train
from benchmarks.field.training import EPOCHS as OF_THE_TRAINING
from keras_saliency.reports.regions import as_masks, as_rows
from keras_saliency.reports.report import Report

EPOCHS = {**OF_THE_TRAINING, "lite0": 6}
"""As many as in the training; fewer where the last layer alone is trained."""
ROLES: tuple[Role, ...] = ("strong", "clean")
UNTOLD = ("unexpected_region", "unexpected_content")
"""What is asked without a mask."""
LINES = "repairs.jsonl"
AS_GOOD = {"proven": "true", "found": "aimed"}
"""Ways that are the same where the gate found the place to the pixel."""
NEED_REGIONS = ("proven", "proven, 0.5", "again")
ROUNDS = 3
"""So often a repair is begun again with what the gate found after it."""

Change = Callable[[np.ndarray], np.ndarray]
"""Rows of the training → the images of this batch, as the network gets them."""


@dataclass
class Patient:
    """A network of the field, what is known of it, and what can be done to it."""

    case: Case
    folder: Path
    world: World
    model: keras.Model
    regions: dict[str, np.ndarray] = field(default_factory=dict)
    proved_a_cast: bool = False
    rounds: int = 0

    @cached_property
    def is_one_place(self) -> bool:
        """Whether the mark has the same place in all images."""
        return self.case.mark not in ("moving", "cast") and (self.case.mark, self.case.data) != (
            "background",
            "digits",
        )

    @property
    def proved_what_is_there(self) -> bool:
        """Whether the gate found the cast, or the mark's place to the pixel: then one repair is as the other."""
        if self.case.mark == "cast":
            return self.proved_a_cast and not self.regions
        found = list(self.regions.values())
        mark = self.world.x_masks[0]
        return self.is_one_place and len(found) == 1 and np.array_equal(found[0], mark)

    def gate(self) -> Report:
        """What `unexpected_region` and `unexpected_content` say; nobody tells them of the mark."""
        return ks.check(self.model, ks.ProbeSet.load(self.folder / "bare.npz"), list(UNTOLD))

    def tune(self, change: Change) -> None:
        """Train on for some epochs, with a new optimizer."""
        fit(trainer(self.model), change, self.world.data.y, self.case)

    def exchange(self, *what: Any, probability: float, aimed: bool = False) -> Change:
        """Batches with content exchanged, of one mask for all or one for each image, or the colours; one by one.

        Aimed: between the class that the mark stands for and the others, which keep among each other what they have.
        """
        world, means = self.world, self.world.meant if aimed else None
        fixed = [None if isinstance(regions, np.ndarray) else regions for regions in what]
        swaps = [ks.SwapRegions(regions, probability, self.case.number, means=means) for regions in fixed]

        def change(rows: np.ndarray) -> np.ndarray:
            images = world.x[rows]
            for swap, regions in zip(swaps, what, strict=True):
                own = {"masks": regions[rows]} if isinstance(regions, np.ndarray) else {}
                images = np.asarray(swap.batch(images, world.data.y[rows], **own)[0])
            return images

        return change


Way = Callable[[Patient], bool]
"""Trains the network on; False where there is nothing to do."""


def nothing(patient: Patient) -> bool:
    """The network as it was trained."""
    return True


def plain(patient: Patient) -> bool:
    """As it was trained, for as many batches as the others."""
    patient.tune(lambda rows: patient.world.x[rows])
    return True


def proven(probability: float, rounds: int = 1) -> Way:
    """What the gate proved is exchanged; with more rounds, what it proves after that too."""

    def way(patient: Patient) -> bool:
        known, found = {}, patient.regions
        while found and patient.rounds < rounds:
            patient.rounds += 1
            known |= {f"{name}_round_{patient.rounds}": mask for name, mask in found.items()}
            patient.tune(patient.exchange(known, probability=probability))
            found = patient.gate().regions if patient.rounds < rounds else {}
        return bool(known)

    return way


def found(patient: Patient) -> bool:
    """As a user of the report does: its regions without gaps and the colours of a cast, aimed at the class it names."""
    places = {name: without_gaps(mask) for name, mask in patient.regions.items()}
    what: list[Any] = [places] if places else []
    if patient.proved_a_cast:
        what.append("colours")
    if what:
        patient.tune(patient.exchange(*what, probability=1.0, aimed=True))
    return bool(what)


def without_gaps(mask: np.ndarray) -> np.ndarray:
    """A place with the gaps closed that are no wider than a fifth of the side, such as those between letters."""
    gap = round(0.1 * len(mask))
    return np.asarray(mask | binary_closing(mask, np.ones((2 * gap + 1, 2 * gap + 1))))


def true(probability: float, *, aimed: bool = False) -> Way:
    """Where the mark is, is exchanged, image by image where it must be; of a cast the colours."""

    def way(patient: Patient) -> bool:
        masks = patient.world.x_masks
        if not masks.any():
            return False
        regions: Any = {"mark": masks[0]} if patient.is_one_place else masks
        if patient.case.mark == "cast":
            regions = "colours"
        patient.tune(patient.exchange(regions, probability=probability, aimed=aimed))
        return True

    return way


def jitter(strength: float) -> Way:
    """Colours that vary, as Keras' layers vary them."""

    def way(patient: Patient) -> bool:
        if patient.case.mark != "cast":
            return False
        x = patient.world.x
        factors = {"brightness_factor": strength, "contrast_factor": strength}
        if x.shape[-1] == 3:
            factors |= {
                "saturation_factor": (0.5 - strength / 2, 0.5 + strength / 2),
                "hue_factor": strength / 4,
            }
        layer = keras.layers.RandomColorJitter((0, 1), **factors, seed=patient.case.number)
        patient.tune(lambda rows: np.asarray(layer(x[rows], training=True)))
        return True

    return way


def reasons(weight: float) -> Way:
    """A penalty on what the network reads where the mark is (Ross et al. 2017)."""

    def way(patient: Patient) -> bool:
        if not patient.is_one_place:
            return False
        y, x = patient.world.data.y, patient.world.x
        model = ks.RightReasons(patient.model, patient.world.x_masks[0], weight)
        fit(model, lambda rows: x[rows], y, patient.case)
        return True

    return way


def salient(what: Literal["hot", "cold"]) -> Way:
    """A tenth of each image is masked in half of the epochs: what the network reads, or what it does not."""

    def way(patient: Patient) -> bool:
        x, y, model = patient.world.x, patient.world.data.y, trainer(patient.model)
        keras.utils.set_random_seed(patient.case.number)
        new_optimizer(model, patient.case, len(y))
        with TemporaryDirectory() as folder:
            saliency = ks.SaliencyCallback(ks.ProbeSet(x[:BATCH], y[:BATCH]), folder)
            masks = ks.MaskSalient(saliency, what)
            batches = masks.batches(x, y, batch_size=BATCH)
            model.fit(batches, epochs=EPOCHS[patient.case.network], verbose=0, callbacks=[masks])
        return True

    return way


WAYS: dict[str, Way] = {
    "nothing": nothing,
    "plain": plain,
    "true": true(1.0),
    "aimed": true(1.0, aimed=True),
    "found": found,
    "proven": proven(1.0),
    "again": proven(1.0, ROUNDS),
    "true, 0.5": true(0.5),
    "proven, 0.5": proven(0.5),
    "jitter": jitter(0.4),
    "jitter, 0.1": jitter(0.1),
    "reasons": reasons(0.03),
    "hot": salient("hot"),
    "cold": salient("cold"),
}


def plan(seeds: Iterable[int]) -> Iterator[Case]:
    """All that can be repaired: with each seed every mark on every network."""
    for seed in seeds:
        for network, data in PAIRS:
            for role in ROLES:
                for mark in MARKS:
                    yield Case(network, data, mark, role, seed)


def repair(case: Case, folder: Path, way: str) -> dict[str, Any]:
    """Repair a training in one way, and judge it.

    Args:
        case: which; it is trained where it is not stored.
        folder: where it is stored.
        way: of `WAYS`.

    Returns:
        What is known then.
    """
    started = time.perf_counter()
    if not (folder / "record.json").exists():
        train(case, folder)
    record = json.loads((folder / "record.json").read_text())
    patient = Patient(case, folder, World.of(case), stored_model(case, folder))
    before = {} if way == "nothing" else _line(case, folder.parent, "nothing")
    patient.regions = {name: as_masks(rows) for name, rows in before.get("regions", {}).items()}
    patient.proved_a_cast = before.get("cast", False)
    if same := patient.proved_what_is_there and _line(case, folder.parent, AS_GOOD.get(way, "")):
        return {**same, "way": way}
    told = {**asdict(case), "way": way, "learned": record["learned"], "done": WAYS[way](patient)}
    if told["done"]:
        told |= {"rounds": patient.rounds, **judged(patient)}
    return {**told, "seconds": round(time.perf_counter() - started, 1)}


def judged(patient: Patient) -> dict[str, Any]:
    """The gate with and without the mask, and what the network does, asked without any check."""
    report, marked = patient.gate(), ks.ProbeSet.load(patient.folder / "marked.npz")
    results = list(report.results)
    if marked.regions:
        results += ks.check(patient.model, marked, [ks.Region("mark")]).results
    cast = [one.status == "failed" and one.details.get("kind") == "cast" for one in report.results]
    return {
        **{result.name: result.status for result in results},
        "cast": any(cast),
        "regions": {name: as_rows(mask) for name, mask in report.regions.items()},
        **measured(patient.model, patient.world),
        "bare": accuracy(patient.model, fresh(patient.case)),
    }


def fresh(case: Case) -> Images:
    """Images without marks that no network was trained on."""
    if case.data == "digits" or case.network == "lite0":
        return DATA[case.data](case.network)
    return photographs(case.network, 1, 250, seed=1)


def accuracy(model: keras.Model, images: Images) -> float:
    """On held-out images without marks."""
    predicted = np.asarray(model.predict(images.x_held, BATCH, verbose=0)).argmax(1)
    return round(float((predicted == images.y_held).mean()), 4)


def fit(model: keras.Model, change: Change, y: np.ndarray, case: Case) -> None:
    """Train on from what the model is: the same batches in the same order for every way."""
    keras.utils.set_random_seed(case.number)
    new_optimizer(model, case, len(y))
    rng = case.rng("order")
    for _ in range(EPOCHS[case.network]):
        order = rng.permutation(len(y))
        batches = [order[start : start + BATCH] for start in range(0, len(y), BATCH)]
        images = np.concatenate([change(rows) for rows in batches])
        model.fit(images, y[order], batch_size=BATCH, epochs=1, shuffle=False, verbose=0)


@cache
def trainer(model: keras.Model) -> keras.Model:
    """What trains this model: it is compiled once, which takes longer than a training."""
    return keras.Model(model.inputs, model.outputs)


def new_optimizer(model: keras.Model, case: Case, images: int) -> None:
    """Adam, from its usual rate down to zero; where it is there already, in its first state."""
    if not model.compiled:
        steps = EPOCHS[case.network] * -(-images // BATCH)
        adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(1e-3, steps))
        model.compile(adam, "sparse_categorical_crossentropy", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    for variable in model.optimizer.variables:
        variable.assign(np.zeros(variable.shape))


def every(cases: Collection[Case], folder: Path, ways: Collection[str]) -> None:
    """Repair what was not yet, a line each; `nothing` first, as others need what it found."""
    done = {key(line) for line in lines(folder)}
    for case in cases:
        for way in ways:
            if (case.name, way) in done or not _applies(case, folder, way):
                continue
            told = repair(case, folder / case.name, way)
            with (folder / LINES).open("a") as file:
                file.write(json.dumps(told) + "\n")
            short = {name: value for name, value in told.items() if name != "regions"}
            print(case.name, json.dumps(short), flush=True)


def _applies(case: Case, folder: Path, way: str) -> bool:
    """Only what was learned is repaired, and the clean; again, only what failed after once."""
    before = {} if way == "nothing" else _line(case, folder, "nothing")
    if before and way in NEED_REGIONS and not before["regions"]:
        return False
    if way == "again" and not _line(case, folder, "proven").get("regions"):
        return False
    return way == "nothing" or case.role == "clean" or bool(before.get("learned"))


def lines(folder: Path) -> list[dict[str, Any]]:
    """All that was found."""
    path = folder / LINES
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def key(line: dict[str, Any]) -> tuple[str, str]:
    """The name of the training, and the way."""
    case = Case(*(line[name] for name in ("network", "data", "mark", "role", "seed")))
    return case.name, line["way"]


def _line(case: Case, folder: Path, way: str) -> dict[str, Any]:
    return next((line for line in lines(folder) if key(line) == (case.name, way)), {})
