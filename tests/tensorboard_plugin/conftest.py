"""A log that the real callback wrote, and TensorBoard's two loaders to serve it."""

import shutil
from contextlib import contextmanager

import keras
import numpy as np
import pytest
from tensorboard.backend.application import TensorBoardWSGI
from tensorboard.plugins.base_plugin import TBContext
from werkzeug.test import Client

import keras_saliency as ks
from keras_saliency.tensorboard_plugin.loader import SaliencyLoader
from tests.data_server import DataServer

EPOCHS = 14  # more than the ten that loaders keep of a plugin they do not know
NAMES = ('猫 "quoted"', "a/b\\c", "naïve|π", "</script><b>bold</b>")
CLASS_NAMES = ("<i>0</i>", "'one'", "zwei & 2")


def make_log(log_dir, epochs=EPOCHS, seed=0, **options):
    """Trains a tiny network and logs a look per epoch, with two methods."""
    rng = np.random.default_rng(0)
    x, y = rng.random((12, 6, 5, 1)).astype("float32"), np.arange(12) % 3
    corner = np.zeros((6, 5), bool)
    corner[:2, :2] = True
    probes = ks.ProbeSet(x[:4], y[:4], names=NAMES, class_names=CLASS_NAMES, regions={"corner": corner})
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [keras.Input((6, 5, 1)), keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    )
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=True)
    methods = [ks.SmoothGrad(samples=2, name="smooth"), "gradient"]
    saliency = ks.SaliencyCallback(probes, log_dir, methods, **{"images": False, **options})
    model.fit(x, y, epochs=epochs, batch_size=12, verbose=0, callbacks=[saliency])


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """A log directory of two runs that the real callback wrote; not to be changed."""
    folder = tmp_path_factory.mktemp("written")
    make_log(folder / "a")
    make_log(folder / "deep" / "ünï <b>&'", epochs=2, seed=1, store_images=False)
    return folder


@pytest.fixture
def logs(written, tmp_path):
    """A copy of `written`, to be damaged at will."""
    return shutil.copytree(written, tmp_path / "logs")


def _python_provider(log_dir):
    from tensorboard.backend.event_processing.data_provider import MultiplexerDataProvider
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer

    multiplexer = EventMultiplexer(tensor_size_guidance={"saliency": 0})

    def reload():
        multiplexer.AddRunsFromDirectory(str(log_dir))
        multiplexer.Reload()

    reload()
    return MultiplexerDataProvider(multiplexer, str(log_dir)), reload


class Page:
    """What a browser gets from TensorBoard with the plugin."""

    def __init__(self, provider, reload):
        self.reload = reload
        plugin = SaliencyLoader().load(TBContext(data_provider=provider))
        self.client = Client(TensorBoardWSGI([plugin], data_provider=provider))

    def get(self, route, **parameters):
        return self.client.get(f"/data/plugin/saliency/{route}", query_string=parameters)

    def json(self, route, status=200, **parameters):
        response = self.get(route, **parameters)
        assert response.status_code == status, response.text
        assert response.content_type == "application/json"
        return response.get_json()

    def run(self, name):
        return next(run for run in self.json("runs")["runs"] if run["run"] == name)


@contextmanager
def _pages(loader, folder):
    """A function: log directory → `Page`, on one of TensorBoard's loaders."""
    servers = []

    def on_the_data_server(log_dir):
        servers.append(server := DataServer(log_dir, folder / f"data_server{len(servers)}.txt", reload=1))
        return Page(server.provider(), server.read_again)

    try:
        yield on_the_data_server if loader == "rust" else lambda log_dir: Page(*_python_provider(log_dir))
    finally:
        for server in servers:
            server.stop()


@pytest.fixture(params=["python", "rust"])
def page(request, tmp_path):
    """A function: log directory → `Page`, once for each of TensorBoard's loaders.

    Its `reload` waits until the loader has looked again.
    """
    with _pages(request.param, tmp_path) as make:
        yield make


@pytest.fixture(scope="session", params=["python", "rust"])
def served(request, written, tmp_path_factory):
    """The `Page` of `written`, once for each of TensorBoard's loaders."""
    with _pages(request.param, tmp_path_factory.mktemp("data_servers")) as make:
        yield make(written)
