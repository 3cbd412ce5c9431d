"""Debian's Chromium, or what the environment names: `KERAS_SALIENCY_CHROMIUM` and `_CHROMEDRIVER` are paths,
`KERAS_SALIENCY_CHROMIUM_FLAGS` are flags to add, such as `--no-sandbox` where root runs the tests.
"""

import os
import shlex
import shutil

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tests.patience import LIMIT

FLAGS = (
    "--headless --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --force-device-scale-factor=1 --hide-scrollbars"
)


def browser_path():
    return _path("KERAS_SALIENCY_CHROMIUM", "chromium", "chromium-browser", "google-chrome")


def driver_path():
    return _path("KERAS_SALIENCY_CHROMEDRIVER", "chromedriver")


def launch(profile):
    """A browser with a new profile; `quit` ends it."""
    options = webdriver.ChromeOptions()
    options.binary_location = browser_path()
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    more = shlex.split(os.environ.get("KERAS_SALIENCY_CHROMIUM_FLAGS", ""))
    for flag in [*shlex.split(FLAGS), *root, *more, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(driver_path()))
    driver.set_page_load_timeout(LIMIT)
    driver.set_script_timeout(LIMIT)
    return driver


def _path(variable, *names):
    if variable in os.environ:
        return os.environ[variable]
    return next(filter(None, map(shutil.which, names)), None)
