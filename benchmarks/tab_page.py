"""What the page of the Saliency tab costs in a browser. Run: `python -m benchmarks.tab_page`.

A real TensorBoard serves a log of 100 looks at 32 probes, whose maps are stored at 112 pixels, which is the most
that the callback stores (`--side 224` for the double); Chromium shows all 32 cards at 224 pixels at once. Measured:

- how long after the tab's frame begins to load its first image is drawn (TensorBoard makes the frame when its own
  page is up);
- the processor time of the browser's main thread (script, style, layout, recording of paint) for each step of
  scrubbing from the first look to the last, and how far the frames of the screen are apart. 16.7 ms is the screen's
  own pace; without a graphics card, the frames also wait for pixels that the other cores compute.

The browser and its driver are found as in the tests, `tests/browser/chromium.py`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from benchmarks import logs
from keras_saliency.looks.writers import TensorBoardWriter
from tests.browser import chromium, servers
from tests.browser.page import Page

LOOKS, PROBES, SHOWN = 100, 32, 224
WINDOW = (2100, 1400)

_FIRST_IMAGE = "return performance.getEntriesByName('saliency-shown')[0].startTime"
_MAKE_ROOM = "document.querySelector('.grid').style.gridTemplateColumns = 'repeat(8, 238px)'"
_CARD = "return document.querySelector('.card .cell').getBoundingClientRect().width"
_SCRUB = """
const done = arguments[arguments.length - 1];
const slider = document.querySelector('.scrubber');
const frames = [];
let place = 0;
const step = (now) => {
  frames.push(now);
  if (place > Number(slider.max)) return done(frames);
  slider.value = place++;
  slider.dispatchEvent(new Event('input', {bubbles: true}));
  requestAnimationFrame(step);
};
requestAnimationFrame(step);
"""
_ALL_HERE = """
const done = arguments[arguments.length - 1];
const bar = document.querySelector('.scrubber');
let place = 0;
const step = () => {
  if (document.querySelector('main').ariaBusy === 'true') return setTimeout(step, 5);
  if (place > Number(bar.max)) return done();
  bar.value = place++;
  bar.dispatchEvent(new Event('input', {bubbles: true}));
  requestAnimationFrame(() => requestAnimationFrame(step));
};
step();
"""


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--side", type=int, default=112, help="of the stored maps; default: 112")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first, work, frames = measure(Path(folder), options.side, options.rounds)
    print(f"Maps stored at {options.side} px; medians of {options.rounds} rounds (least to most), in ms\n")
    print("| first image | main thread per step | between frames |\n|---|---|---|")
    print(f"| {_median(first)} | {_median(work)} | {_median(frames)} |")


def measure(folder: Path, side: int, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Per round: the first image, the work per step, and the time between frames, all in milliseconds."""
    log_dir = folder / "logs"
    with patch.object(logs, "TensorBoardWriter", lambda: TensorBoardWriter(max_side=side)):
        logs.write_log(log_dir, LOOKS, probes=PROBES, side=side)
    server = servers.tensorboard(log_dir, folder / "tensorboard.txt")
    driver = chromium.launch(folder / "profile")
    try:
        server.wait_until("data/plugin/saliency/runs", _complete)
        return _rounds(Page(driver), server.address, rounds)
    finally:
        driver.quit()
        server.stop()


def _complete(answer: Any) -> bool:
    return [len(run["methods"]["gradient"]["steps"]) for run in answer["runs"]] == [LOOKS]


def _rounds(page: Page, address: str, rounds: int) -> tuple[list[float], list[float], list[float]]:
    first, work, frames = [], [], []
    page.driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    for _ in range(rounds):
        page.open_tensorboard(address, width=WINDOW[0], height=WINDOW[1])
        first.append(page.driver.execute_script(_FIRST_IMAGE))
        page.driver.execute_script(_MAKE_ROOM)
        if abs(page.driver.execute_script(_CARD) - SHOWN) > 1:
            raise RuntimeError("The cards are not shown at 224 pixels.")
        page.driver.execute_async_script(_ALL_HERE)
        time.sleep(1)
        before = _busy(page)
        shown = page.driver.execute_async_script(_SCRUB)
        work.append(1000 * (_busy(page) - before) / LOOKS)
        frames.append(float(np.median(np.diff(shown))))
    return first, work, frames


def _busy(page: Page) -> float:
    """Seconds of processor time that the main thread has worked."""
    metrics = page.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "TaskDuration"))


def _median(values: list[float]) -> str:
    return f"{np.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
