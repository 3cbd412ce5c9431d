"""Processes that serve a log on 127.0.0.1, each ended by its own process id."""

import json
import os
import socket
import subprocess
import sys
import urllib.request

from tests.patience import LIMIT, wait_for


class Server:
    """A process of this interpreter that serves HTTP at a free port."""

    def __init__(self, *arguments, log):
        self.port = _free_port()
        self.address = f"http://127.0.0.1:{self.port}/"
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", *arguments, "--port", str(self.port)],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUNBUFFERED": "1"},
            )

    def stop(self):
        self._process.terminate()
        try:
            self._process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_until(self, route, condition):
        """Wait until the answer of a route satisfies a condition."""

        def answered():
            if self._process.poll() is not None:
                raise RuntimeError(f"The server ended: {self._log.read_text()}")
            with urllib.request.urlopen(self.address + route, timeout=LIMIT) as response:
                return condition(json.load(response))

        wait_for(answered, lambda: f"{route}: {self._log.read_text()}", ignored=(OSError, ValueError))


def tensorboard(log_dir, log, *flags):
    """A TensorBoard process, with whichever loader the flags choose."""
    where = ("--logdir", str(log_dir), "--host", "127.0.0.1", "--reload_interval", "3")
    return Server("tensorboard.main", *where, *flags, log=log)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
