"""TensorBoard's data server, RustBoard, which `tensorboard` uses by default."""

import re
import subprocess

import tensorboard_data_server
from tensorboard.data.server_ingester import ExistingServerDataIngester
from tensorboard.util.grpc_util import ChannelCredsType

from tests.patience import LIMIT, wait_for


class DataServer:
    """Reads a log directory once, or (`reload` is a number of seconds) again and again. It says so in `log`, a file."""

    def __init__(self, log_dir, log, reload="once"):
        command = [
            tensorboard_data_server.server_binary(),
            f"--logdir={log_dir}",
            f"--reload={reload}",
            "--samples-per-plugin=scalars=all,images=all,text=all,saliency=all",
            "--port=0",
            "--die-after-stdin",
            "--verbose",
        ]
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT
            )

    def provider(self):
        """What it has read, after its first reading."""
        wait_for(lambda: self._said("Finished load cycle"))
        (address,) = self._said(r"listening on .*:(\d+)")
        return ExistingServerDataIngester(
            f"localhost:{address}", channel_creds_type=ChannelCredsType.LOCAL
        ).data_provider

    def read_again(self):
        """Wait for a whole reading that starts from now on."""
        started = self._said("Starting load cycle")
        wait_for(lambda: len(self._said("Finished load cycle")) > len(started))

    def stop(self):
        self._process.stdin.close()
        self._process.kill()
        self._process.wait(timeout=LIMIT)

    def _said(self, words):
        said = self._log.read_text()
        if self._process.poll() is not None:
            raise RuntimeError(f"The data server ended: {said}")
        return re.findall(words, said)
