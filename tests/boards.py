"""What TensorBoard's two loaders make of a log directory."""

import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import tensorboard_data_server
from tensorboard import context
from tensorboard.data import provider

EVERYTHING = 1_000_000


class Board:
    """What one of them makes of it."""

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


def python_board(log_dir):
    """By the loader in Python."""
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


@contextmanager
def rust_board(log_dir):
    """By the data server, which TensorBoard uses by default; it reads once."""
    from tensorboard.data import server_ingester
    from tensorboard.util import grpc_util

    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder, "port")
        server = _start_server(log_dir, port_file)
        try:
            ingester = server_ingester.ExistingServerDataIngester(
                f"localhost:{_port(server, port_file)}", channel_creds_type=grpc_util.ChannelCredsType.LOCAL
            )
            yield _loaded(Board(ingester.data_provider))
        finally:
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
