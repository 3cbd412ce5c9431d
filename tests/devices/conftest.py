"""Scripts in processes of their own: devices and processes are chosen before a framework starts. All on the CPU."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.patience import LIMIT

ON_CPU = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
HERE = Path(__file__).parent


def _wait(processes, outputs):
    """Wait for all; where they hang, or one fails, end the others and say what all of them said."""
    end, failed = time.monotonic() + LIMIT, False
    while not failed and any(process.poll() is None for process in processes):
        time.sleep(0.1)
        failed = time.monotonic() > end or any(process.poll() for process in processes)
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait()
    if failed or any(process.returncode for process in processes):
        said = "\n\n".join(output.read_text(errors="replace")[-4000:] for output in outputs)
        pytest.fail(f"{[process.args[1:] for process in processes]} failed or hung:\n{said}")


@pytest.fixture
def run(tmp_path):
    """A function: runs a script of this folder in one process per environment, and returns what each reported.

    A script is given the folder for its logs, and writes its report to a file with the function `report`.
    """

    def run(script, *environments):
        reports = [tmp_path / f"report{rank}.json" for rank in range(len(environments))]
        outputs = [tmp_path / f"output{rank}.txt" for rank in range(len(environments))]
        with ExitStack() as stack:
            processes = [
                subprocess.Popen(
                    [sys.executable, HERE / script, tmp_path / "logs", report],
                    env=os.environ | ON_CPU | environment,
                    stdout=stack.enter_context(output.open("wb")),
                    stderr=subprocess.STDOUT,
                )
                for report, output, environment in zip(reports, outputs, environments, strict=True)
            ]
            _wait(processes, outputs)
        return [json.loads(report.read_text()) for report in reports]

    return run


@pytest.fixture
def free_ports():
    """A function that finds so many free ports of this machine."""

    def find(count):
        with ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
            for found in sockets:
                found.bind(("127.0.0.1", 0))
            return [found.getsockname()[1] for found in sockets]

    return find
