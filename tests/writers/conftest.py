import dataclasses
import subprocess
import time

import numpy as np
import pytest
import tensorboard_data_server
from tensorboard import context
from tensorboard.data import provider

from keras_saliency.look import Look, MethodLook
from keras_saliency.probes import ProbeSet
from keras_saliency.writers import Run

NAMES = ('猫 "quoted"', "a/b\\c", "naïve|π", "<b>bold</b>")
EVERYTHING = 1_000_000


def views_of(maps):
    """The four views of maps `(n, h, w, c)`."""
    return {
        "magnitude": np.abs(maps).max(-1),
        "positive": np.maximum(maps, 0).max(-1),
        "negative": np.maximum(-maps, 0).max(-1),
        "signed": maps.sum(-1),
    }


def _make_method_look(n=4, size=(8, 6), channels=1, seed=0, **changes):
    rng = np.random.default_rng(seed)
    seen = MethodLook(
        heatmaps=views_of(rng.normal(size=(n, *size, channels)).astype(np.float32)),
        scores=rng.normal(size=n).astype(np.float32),
        target_classes=np.arange(n) % 3,
        predicted_classes=(np.arange(n) % 3 + (np.arange(n) == 1)) % 3,
        probabilities=rng.random(n).astype(np.float32),
        score_kind="logit",
        per_probe={
            "drift": rng.random(n) if seed else np.full(n, np.nan),
            "entropy": rng.random(n),
            "corner_enrichment": np.where(np.arange(n) == 2, np.nan, rng.random(n)),
        },
    )
    return dataclasses.replace(seen, **changes)


def _make_look(step, epoch=None, methods=("gradient", "smoothgrad"), probe_accuracy=0.75, **options):
    epoch = step if epoch is None else epoch
    return Look(
        step=step,
        epoch=epoch,
        wall_time=1_700_000_000.25 + step,
        methods={
            method: _make_method_look(seed=(step + 1) * 10 + place, **options)
            for place, method in enumerate(methods)
        },
        probe_accuracy=probe_accuracy,
    )


def _make_run(folder, n=4, size=(8, 6), **changes):
    rng = np.random.default_rng(7)
    folder.mkdir(parents=True, exist_ok=True)
    corner = np.zeros(size, bool)
    corner[:2, :2] = True
    probes = ProbeSet(
        rng.random((n, *size, 3)).astype(np.float32),
        np.arange(n) % 3,
        names=[NAMES[i % 4] + str(i) for i in range(n)],
        class_names=["cat", "狗", "b,c"],
        regions={"corner": corner},
    )
    run = Run(
        folder=folder,
        probes=probes,
        pictures=rng.integers(0, 256, (n, *size, 3), np.uint8),
        settings={"methods": ["gradient", "smoothgrad"], "target": None, "every": 1},
    )
    return dataclasses.replace(run, **changes)


@pytest.fixture
def a_method_look():
    """A function that makes one method's look of random maps."""
    return _make_method_look


@pytest.fixture
def a_look():
    """A function that makes a look by its step, of random maps; the first look has no drift."""
    return _make_look


@pytest.fixture
def a_run():
    """A function that makes a run in a folder."""
    return _make_run


@pytest.fixture
def saliency_folder(tmp_path):
    folder = tmp_path / "logs" / "saliency"
    folder.mkdir(parents=True)
    return folder


class Board:
    """What one of TensorBoard's two loaders makes of a log directory."""

    def __init__(self, source):
        self.source = source
        self._context = context.RequestContext()

    def _read(self, kind, plugin, run, tag):
        read = getattr(self.source, f"read_{kind}")
        wanted = provider.RunTagFilter(runs=[run], tags=[tag])
        found = read(
            self._context,
            experiment_id="",
            plugin_name=plugin,
            downsample=EVERYTHING,
            run_tag_filter=wanted,
        )
        return found[run][tag]

    def listed(self, kind, plugin):
        return getattr(self.source, f"list_{kind}")(self._context, experiment_id="", plugin_name=plugin)

    def scalars(self, tag, run="saliency"):
        return [
            (point.step, point.wall_time, point.value) for point in self._read("scalars", "scalars", run, tag)
        ]

    def texts(self, tag, run="saliency"):
        return [
            (point.step, point.numpy.item().decode()) for point in self._read("tensors", "text", run, tag)
        ]

    def blobs(self, plugin, tag, run="saliency"):
        return [
            (
                point.step,
                [self.source.read_blob(self._context, blob_key=value.blob_key) for value in point.values],
            )
            for point in self._read("blob_sequences", plugin, run, tag)
        ]


def _python_board(log_dir):
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer

    keep_all = dict.fromkeys(("scalars", "images", "text", "saliency"), 0)
    multiplexer = plugin_event_multiplexer.EventMultiplexer(tensor_size_guidance=keep_all)
    multiplexer.AddRunsFromDirectory(str(log_dir))
    multiplexer.Reload()
    return Board(data_provider.MultiplexerDataProvider(multiplexer, str(log_dir)))


def _start_server(log_dir, port_file):
    return subprocess.Popen(
        [
            tensorboard_data_server.server_binary(),
            f"--logdir={log_dir}",
            "--reload=once",
            "--samples-per-plugin=scalars=all,images=all,text=all,saliency=all",
            "--port=0",
            f"--port-file={port_file}",
            "--die-after-stdin",
        ],
        stdin=subprocess.PIPE,
    )


def _port(server, port_file, seconds=20):
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        if port_file.exists() and port_file.read_text().endswith("\n"):
            return int(port_file.read_text())
        time.sleep(0.02)
    raise RuntimeError(f"The data server did not start: {server.poll()}")


def _stop(server):
    server.stdin.close()
    server.kill()
    server.wait(timeout=20)


@pytest.fixture(params=["python", "rust"])
def board(request, tmp_path):
    """A function: log directory → `Board`, once for each of TensorBoard's loaders."""
    if request.param == "python":
        yield _python_board
        return
    from tensorboard.data import server_ingester
    from tensorboard.util import grpc_util

    servers = []

    def rust_board(log_dir):
        port_file = tmp_path / f"port{len(servers)}"
        servers.append(_start_server(log_dir, port_file))
        address = f"localhost:{_port(servers[-1], port_file)}"
        ingester = server_ingester.ExistingServerDataIngester(
            address, channel_creds_type=grpc_util.ChannelCredsType.LOCAL
        )
        return _loaded(Board(ingester.data_provider))

    yield rust_board
    for server in servers:
        _stop(server)


def _loaded(board, seconds=20):
    """The server reads in the background; wait until two answers agree."""
    until, before = time.monotonic() + seconds, None
    while time.monotonic() < until:
        now = str([board.listed("scalars", "scalars"), board.listed("blob_sequences", "saliency")])
        if now == before and "saliency" in now:
            return board
        before = now
        time.sleep(0.1)
    raise RuntimeError("The data server did not finish loading.")
