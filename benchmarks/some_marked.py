"""What `region` says where only the images that have a mark have a mask, over the stored trainings of the field.

    python -m benchmarks.some_marked

It needs `python -m benchmarks.field train`, also with `--held-out`; the large network is left out. Of clean trainings
the probes are those of which every second one has a mark that the network never saw.
"""

from __future__ import annotations

import json
from collections import Counter

import numpy as np

import keras_saliency as ks
from benchmarks.field.cases import FOLDER, Case, plan
from benchmarks.field.judging import stored_model
from benchmarks.field.training import EACH, World
from keras_saliency.checks.gate.runner import run_checks
from keras_saliency.checks.gate.suites import make_checks
from keras_saliency.checks.shared.subject import Subject


def masked_where_marked(case: Case) -> ks.ProbeSet | None:
    """The probes of a training, whose masks are empty where the mark is not; None where no region is marked."""
    kind = "unseen" if case.role == "clean" else "marked"
    probes = ks.ProbeSet.load(FOLDER / case.name / f"{kind}.npz")
    if not probes.regions:
        return None
    data = World.of(case).data
    rows = [np.flatnonzero(data.y_held == index)[: EACH[case.data]] for index in range(data.classes)]
    bare = data.x_held[np.concatenate(rows)]
    has = (probes.images != bare).any((1, 2, 3))
    return ks.ProbeSet(
        probes.images, probes.labels, regions={"mark": probes.regions["mark"] & has[:, None, None]}
    )


def main() -> None:
    """Print how often each status occurs, by what the mark is and whether a shortcut was learned."""
    counted: Counter[tuple[str, bool, str]] = Counter()
    for case in (*plan(), *plan(held_out=True)):
        folder = FOLDER / case.name
        if case.network == "lite0" or case.role == "faint" or not (folder / "record.json").exists():
            continue
        probes = masked_where_marked(case)
        if probes is not None:
            subject = Subject.of(stored_model(case, folder), probes)
            (result,) = run_checks(make_checks([ks.Region("mark")], probes), subject)
            learned = json.loads((folder / "record.json").read_text())["learned"]
            counted[case.role, learned, result.status] += 1
    for (role, learned, status), count in sorted(counted.items()):
        print(f"{role}{', learned' * learned}: {count} {status}")


if __name__ == "__main__":
    main()
