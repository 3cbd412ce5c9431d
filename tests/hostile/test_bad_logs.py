"""One file in a log that means harm: a problem of its run alone, in little memory; other runs, and trainings, go on."""

import os
import subprocess
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

import keras
import numpy as np
import pytest
from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.context import RequestContext

import keras_saliency as ks
from keras_saliency import records
from keras_saliency.errors import UnreadableFileError
from keras_saliency.looks import event_file as eventfile
from keras_saliency.looks.reading import last_step, load_looks
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.provider_store import ProviderStore
from keras_saliency.tensorboard_plugin.recent import Recent
from tests.fuzz import claims, samples
from tests.hostile.memory import LIMIT, measured

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory and holes are asked for as on Linux")

MAPS_TAG = records.maps_tag("gradient")
UNFOLDED = 700 * 10**6


def add(folder, tag, kind, record):
    file = eventfile.EventFile(folder)
    file.write(5, [eventfile.blobs(tag, [record], "saliency", records.metadata(kind))])
    file.close()


def probes_of(plain):
    return lambda folder: add(folder, records.PROBES_TAG, records.PROBES, samples.zipped(plain))


def bomb(tag, kind, layout):
    """A record of 0.7 MB that unfolds to 700."""
    header = {"kind": kind, "count": 1, "scores": []}
    return lambda folder: add(folder, tag, kind, claims.zipped_zeros(claims.record(header, layout), UNFOLDED))


def nested_metadata(folder):
    file = eventfile.EventFile(folder)
    file.write(5, [eventfile.blobs("saliency/x", [b""], "saliency", claims.NESTED.encode())])
    file.close()


def sparse(folder):
    """Claims 60 GB, and has this size."""
    path = folder / "events.out.tfevents.9.sparse"
    path.write_bytes(claims.event_start(60 * 10**9))
    os.truncate(path, 61 * 10**9)


def hollow(folder):
    """Claims 0.9 GB, which no cap refuses, and nobody wrote them."""
    path = folder / "events.out.tfevents.9.hollow"
    path.write_bytes(claims.event_start(9 * 10**8))
    os.truncate(path, 10**9)


def many_values(folder):
    """Ten million values of two bytes; each becomes an object."""
    summary = b"\x0a\x00" * 10**7
    length = b"\x80\xda\xc4\x09"  # 20 million, seven bits a byte
    (folder / "events.out.tfevents.9.many").write_bytes(eventfile._framed(b"\x2a" + length + summary))


def unreadable(folder):
    """A file that may not be opened, and one that opens and cannot be read, whoever asks."""
    path = folder / "events.out.tfevents.9.shut"
    path.write_bytes(samples.log())
    path.chmod(0)
    os.symlink("/proc/self/mem", folder / "events.out.tfevents.9.mem")


def deep(folder):
    """Deeper than Python calls functions."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)


ATTACKS = {
    "a probes record nested 500 deep": probes_of(claims.RECORDS[0]),
    "a header that claims 4 GiB": lambda folder: add(
        folder, MAPS_TAG, "maps", claims.zipped_zeros(claims.RECORDS[1], UNFOLDED)
    ),
    "regions that lie over one another": probes_of(
        claims.record(
            claims.ABOUT_PROBES,
            {f"region/{n}": claims.where(1000, 1000) for n in range(1500)},
            bytes(10**6),
        )
    ),
    "probes that claim 2 GB": bomb(records.PROBES_TAG, "probes", {"pictures": claims.where(claims.HUGE)}),
    "probes that claim little and unfold to 700 MB": bomb(records.PROBES_TAG, "probes", {}),
    "maps that claim 2 GB": bomb(MAPS_TAG, "maps", {"positive": claims.where(claims.HUGE)}),
    "a header of no length before 700 MB": lambda folder: add(
        folder, MAPS_TAG, "maps", claims.zipped_zeros(claims.RECORDS[2][:16], UNFOLDED)
    ),
    "metadata nested 500 deep": nested_metadata,
    "an event that claims 60 GB": sparse,
    "an event in a hole": hollow,
    "an event of ten million values": many_values,
    "an event file that cannot be read": unreadable,
    "folders nested 1100 deep": deep,
}
THEIRS = (
    "an event that claims 60 GB",
    "an event of ten million values",
    "an event file that cannot be read",
)
SILENT = ("an event in a hole", "folders nested 1100 deep")
READ = """
from keras_saliency.looks.page.log_store import LogStore
from keras_saliency.looks.page.export import export_page
from keras_saliency.looks.reading import last_step, load_looks
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.recent import Recent
import os
def read():
    answers = Answers(LogStore(path), Recent(10**6))
    runs = {run["run"]: run for run in answers.runs()["runs"]}
    looks = {run: answers.looks(run, "gradient") for run in runs if runs[run]["methods"]}
    checks = [answers.checks(run) for run in runs]
    page = export_page(LogStore(path), 1, 200)
    try:
        load_looks(path / "bad")
        loaded = None
    except Exception as error:
        loaded = [type(error).__name__, str(error)]
    return runs, looks, loaded
if os.geteuid() == 0 and list(path.glob("bad/saliency/*.shut")):
    read()  # which imports what is imported late
    os.seteuid(65534)  # root may read all
runs, looks, loaded = read()
return [runs, looks, last_step(path / "bad" / "saliency"), loaded]
"""


@pytest.fixture
def folder():
    """A folder that others may read, and that is deleted without a call for each folder in a folder."""
    path = Path(tempfile.mkdtemp())
    path.chmod(0o755)
    yield path
    subprocess.run(["rm", "-rf", path], check=False)


@pytest.fixture
def log(folder, write_by_hand):
    """A log of a good run and one that is about to be damaged."""
    write_by_hand(folder / "good" / "saliency")
    write_by_hand(folder / "bad" / "saliency")
    return folder


def says_what_is_wrong(runs, looks):
    return bool(runs["bad/saliency"]["problems"] or looks["bad/saliency"]["problems"])


@pytest.mark.parametrize("attack", ATTACKS)
def test_in_view_in_an_export_and_read_back(log, attack):
    ATTACKS[attack](log / "bad" / "saliency")
    (runs, looks, last, loaded), peak = measured(READ, log)
    assert runs["good/saliency"]["problems"] == []
    assert (looks["good/saliency"]["steps"], looks["good/saliency"]["problems"]) == ([0, 1, 2], {})
    assert looks["bad/saliency"]["steps"][:3] == [0, 1, 2]
    assert says_what_is_wrong(runs, looks) == (attack not in SILENT)
    assert last in (2, 5)
    assert loaded is None or loaded[0] == "UnreadableFileError"
    assert loaded is None or "events.out.tfevents" in loaded[1]
    assert peak < LIMIT


@pytest.mark.parametrize("attack", [name for name in ATTACKS if name not in (*SILENT, *THEIRS)])
def test_in_tensorboard(log, attack):
    """What TensorBoard's Python loader makes of the files is its own; the rest is a problem of the run."""
    ATTACKS[attack](log / "bad" / "saliency")
    runs, looks = tensorboard(log)
    assert runs["good/saliency"]["problems"] == []
    assert looks["good/saliency"]["problems"] == {}
    assert says_what_is_wrong(runs, looks)


def tensorboard(folder):
    multiplexer = EventMultiplexer(tensor_size_guidance={"saliency": 0})
    multiplexer.AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    provider = MultiplexerDataProvider(multiplexer, str(folder))
    answers = Answers(ProviderStore(provider, RequestContext(), "", {}), Recent(10**6))
    runs = {run["run"]: run for run in answers.runs()["runs"]}
    return runs, {run: answers.looks(run, "gradient") for run in runs}


@pytest.mark.parametrize("size", [65, 10**12])
def test_an_event_that_claims_many_records_in_tensorboard(log, size):
    """TensorBoard makes a key for each that is claimed."""
    value = eventfile.blobs("saliency/x/maps", [b"x"], "saliency", records.metadata(records.MAPS))
    value.tensor.tensor_shape.CopyFrom(TensorShapeProto(dim=[TensorShapeProto.Dim(size=size)]))
    file = eventfile.EventFile(log / "bad" / "saliency")
    file.write(0, [value])
    file.close()
    runs, looks = tensorboard(log)
    (problem,) = runs["bad/saliency"]["problems"]
    assert problem.startswith("saliency/x/maps: Expected one record at each step")
    assert looks["bad/saliency"]["steps"] == looks["good/saliency"]["steps"] == [0, 1, 2]


def test_a_run_that_is_only_an_unreadable_file_is_shown_with_its_problem(folder, write_by_hand):
    write_by_hand(folder / "good" / "saliency")
    (folder / "bad" / "saliency").mkdir(parents=True)
    unreadable(folder / "bad" / "saliency")
    (runs, _, last, loaded), _ = measured(READ, folder)
    assert (
        "events.out.tfevents.9.shut cannot be read: Permission denied." in runs["bad/saliency"]["problems"][0]
    )
    assert runs["bad/saliency"]["methods"] == {}
    assert last is None
    assert loaded[0] == "UnreadableFileError"


@pytest.mark.parametrize("attack", [unreadable, sparse, ATTACKS["maps that claim 2 GB"]])
def test_a_training_goes_on_in_the_folder(tmp_path, attack):
    x, y = np.zeros((4, 3, 3, 1), "float32"), np.arange(4) % 2
    model = keras.Sequential([keras.Input((3, 3, 1)), keras.layers.Flatten(), keras.layers.Dense(2)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(x, y, epochs=1, verbose=0, callbacks=[ks.SaliencyCallback((x, y), tmp_path)])
    attack(tmp_path / "saliency")
    last = last_step(tmp_path / "saliency")
    saliency = ks.SaliencyCallback((x, y), tmp_path)
    faults = attack in (unreadable, sparse)
    with (
        pytest.warns(ks.SaliencyWarning, match="The steps go on from the last look")
        if faults
        else nullcontext()
    ):
        model.fit(x, y, initial_epoch=1, epochs=3, verbose=0, callbacks=[saliency])
    assert saliency.summary.lost == {}
    assert saliency.summary.looks >= 2
    assert saliency.summary.folder == tmp_path / "saliency"
    assert last_step(tmp_path / "saliency") > last


def test_looks_read_back_name_the_file(log):
    unreadable(log / "bad" / "saliency")
    with pytest.raises(UnreadableFileError, match=r"tfevents.9.mem cannot be read: Input/output error"):
        load_looks(log / "bad")
