"""What the Saliency tab costs the server, in memory and time. Linux. Run: `make benchmark-tab`.

The log: two runs of 100 looks by three methods at 16 probes of 112 × 112 random maps, which do not compress:
the worst case. Memory is that of the process and its children, less that of the same server on an empty
folder, after every record was asked for once.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from benchmarks.logs import write_log

METHODS = ("gradient", "smoothgrad", "grad_cam")
LOOKS = 100
TENSORBOARD = (sys.executable, "-m", "tensorboard.main", "--host=127.0.0.1", "--port=0")
SERVERS = {
    "tensorboard (RustBoard)": (*TENSORBOARD, "--load_fast=true", "--logdir"),
    "tensorboard --load_fast=false": (*TENSORBOARD, "--load_fast=false", "--logdir"),
    "keras-saliency view": (sys.executable, "-m", "keras_saliency", "view", "--port=0"),
}
_IMPORT = """
import time, tensorboard.default, tensorboard.backend.application
start = time.perf_counter()
import keras_saliency.tensorboard_plugin.loader
loader = time.perf_counter()
import keras_saliency.tensorboard_plugin.plugin
print(1000 * (loader - start), 1000 * (time.perf_counter() - loader))
"""


class Server:
    """A server on a log directory."""

    def __init__(self, command: Sequence[str], log_dir: Path) -> None:
        self.started = time.perf_counter()
        self._process = subprocess.Popen(
            [*command, str(log_dir)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self._below = "data/plugin/saliency/" if "tensorboard.main" in command else ""
        self.address = self._printed_address()
        self._get("" if not self._below else "data/plugins_listing")
        self.seconds = time.perf_counter() - self.started

    def ask(self, route: str, **parameters: object) -> bytes:
        """The answer of a route of ours."""
        return self._get(f"{self._below}{route}?{urlencode(parameters)}")

    def runs(self, complete: Callable[[list], bool]) -> list:
        """The runs, once all looks are there: loaders read in the background."""
        while not complete(runs := json.loads(self.ask("runs"))["runs"]):
            time.sleep(0.2)
        return runs

    def memory(self) -> int:
        """Resident bytes of the process and its children."""
        return sum(_resident(process) for process in _with_children(self._process.pid))

    def stop(self) -> None:
        """End it, and its data server with it."""
        self._process.terminate()
        self._process.communicate(timeout=20)

    def _printed_address(self) -> str:
        for line in self._process.stdout or ():
            if found := re.search(r"http://[^ /]+:\d+/", line):
                return found[0]
        raise RuntimeError("The server did not start.")

    def _get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.address + path, timeout=120) as response:
            return response.read()


@contextmanager
def serving(command: Sequence[str], log_dir: Path) -> Iterator[Server]:
    """A server on a log directory, stopped at the end."""
    server = Server(command, log_dir)
    try:
        yield server
    finally:
        server.stop()


def _with_children(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(below for child in children for below in _with_children(int(child)))]


def _resident(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    return 1024 * int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])


def _complete(runs: list) -> bool:
    seen = [len(method["steps"]) for run in runs for method in run["methods"].values()]
    return seen == [LOOKS] * (2 * len(METHODS))


def _everything(server: Server, runs: list) -> None:
    for run in runs:
        server.ask("probes", run=run["run"])
        for method, has in run["methods"].items():
            server.ask("looks", run=run["run"], method=method)
            for step in has["steps"]:
                server.ask("maps", run=run["run"], method=method, step=step)


def _milliseconds(ask: Callable[[], object], rounds: int = 15) -> float:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        ask()
        times.append(1000 * (time.perf_counter() - started))
    return float(np.median(times))


def _measure(name: str, command: Sequence[str], log_dir: Path, size: int, empty: Path) -> None:
    with serving(command, empty) as server:
        server.ask("runs")
        nothing, seconds = server.memory(), server.seconds
    with serving(command, log_dir) as server:
        runs = server.runs(_complete)
        loaded = time.perf_counter() - server.started
        _everything(server, runs)
        grown = server.memory() - nothing
        run, method = runs[0]["run"], METHODS[0]
        looks = _milliseconds(lambda: server.ask("looks", run=run, method=method))
        maps = _milliseconds(lambda: server.ask("maps", run=run, method=method, step=50))
    print(
        f"{name}: up in {seconds:.1f} s on an empty folder, all looks there after {loaded:.1f} s; memory grew by "
        f"{grown / 1e6:.0f} MB = {grown / size:.2f} × the log; {LOOKS} looks in {looks:.0f} ms, a record in "
        f"{maps:.1f} ms"
    )


def _import_times(rounds: int = 5) -> tuple[float, float]:
    """Median milliseconds for the loader and the plugin, with compiled bytecode as an installed package has it."""
    compiled = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-W", "ignore", "-c", _IMPORT]
    done = [
        subprocess.run(command, env=compiled, capture_output=True, text=True, check=True)
        for _ in range(rounds)
    ]
    loader, plugin = np.median([list(map(float, one.stdout.split())) for one in done], axis=0)
    return float(loader), float(plugin)


def main() -> None:
    """Print what it costs."""
    loader, plugin = _import_times()
    print(f"TensorBoard imports the loader in {loader:.1f} ms and, after it, the plugin in {plugin:.1f} ms")
    with tempfile.TemporaryDirectory() as folder:
        logs, empty = Path(folder, "logs"), Path(folder, "empty")
        empty.mkdir()
        size = sum(write_log(logs / run, LOOKS, methods=METHODS, side=112) for run in ("a", "b"))
        print(f"log: {size / 1e6:.0f} MB, 2 runs × {LOOKS} looks × {len(METHODS)} methods × 16 probes")
        for name, command in SERVERS.items():
            _measure(name, command, logs, size, empty)


if __name__ == "__main__":
    main()
