"""The plugin as TensorBoard meets it."""

from __future__ import annotations

from typing import Any

from tensorboard import plugin_util
from tensorboard.plugins import base_plugin
from werkzeug.wrappers import Request

from keras_saliency.records import PLUGIN_NAME
from keras_saliency.tensorboard_plugin.answers import Answers
from keras_saliency.tensorboard_plugin.provider_store import Known, ProviderStore
from keras_saliency.tensorboard_plugin.recent import Recent
from keras_saliency.tensorboard_plugin.routes import Routes, WSGIApp
from keras_saliency.tensorboard_plugin.trainings import Borders, Trainings

_KEPT = 32_000_000


class SaliencyPlugin(base_plugin.TBPlugin):  # type: ignore[misc]
    """Serves the Saliency tab."""

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext) -> None:
        self._provider = context.data_provider
        self._recent = Recent(_KEPT)
        self._known: Known = {}
        self._borders: Borders = {}

    def is_active(self) -> bool:
        """False: where there is data of ours, TensorBoard finds it by the plugin's name."""
        return False

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        """Where the page is, and what its tab is called."""
        return base_plugin.FrontendMetadata(es_module_path="/static/index.js", tab_name="Saliency")

    def get_plugin_apps(self) -> dict[str, WSGIApp]:
        """The routes."""
        return Routes(self._answers).apps()

    def _answers(self, request: Request) -> Answers:
        context: Any = plugin_util.context(request.environ)
        experiment = plugin_util.experiment_id(request.environ)
        store = ProviderStore(self._provider, context, experiment, self._known)
        trainings = Trainings(store, self._recent, experiment, self._borders)
        return Answers(trainings, self._recent, experiment)
