"""What TensorBoard's two loaders make of a log directory."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

from tensorboard import context
from tensorboard.data import provider

from tests.data_server import DataServer

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


@contextmanager
def rust_board(log_dir):
    """By the data server, which TensorBoard uses by default; it reads once."""
    with tempfile.TemporaryDirectory() as folder:
        server = DataServer(log_dir, Path(folder, "log"))
        try:
            yield Board(server.provider())
        finally:
            server.stop()
