"""Each training is a run of the page, on both of TensorBoard's loaders: also those that an older version spliced."""

import shutil
from pathlib import Path

from tests.tensorboard_plugin.conftest import make_log

SPLICED = Path(__file__).parents[1] / "looks" / "spliced_log"


def test_runs_of_a_script_and_of_an_older_log(page, tmp_path):
    logs = tmp_path / "logs"
    shutil.copytree(SPLICED, logs / "old")
    for seed in range(2):
        make_log(logs, epochs=2, seed=seed)
    shown = page(logs)
    steps = {run["run"]: run["methods"]["gradient"]["steps"] for run in shown.json("runs")["runs"]}
    assert steps == {
        "old/saliency": [-1, 0, 1, 2],
        "old/saliency#2": [3, 4, 5, 6],
        "saliency": [-1, 0, 1],
        "saliency_2": [-1, 0, 1],
    }
    assert shown.run("old/saliency#2")["phases"] == [5]
    looks = shown.json("looks", run="old/saliency#2", method="gradient", after=3)
    assert (looks["steps"], looks["epochs"]) == ([4, 5, 6], [1, 2, 3])
    assert shown.get("maps", run="old/saliency#2", method="gradient", step=3).status_code == 200
    assert shown.json("looks", 404, run="old/saliency#3", method="gradient")["error"].startswith(
        "There are no maps"
    )
