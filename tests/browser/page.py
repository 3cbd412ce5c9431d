"""The page in a browser, as people use it: what can be clicked, and what is drawn."""

import base64
import io
import json
from urllib.parse import quote, urlsplit

import numpy as np
from PIL import Image
from selenium.common.exceptions import JavascriptException, NoSuchElementException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.patience import wait_for

ENTRY = "data/plugin_entry.html?name=saliency"
_SETTLED = """
const done = arguments[arguments.length - 1];
const check = () => {
  if (document.querySelector('main[aria-busy="false"]')) done(); else setTimeout(check, 5);
};
requestAnimationFrame(() => requestAnimationFrame(check));
"""


_NOT_YET = (NoSuchElementException, JavascriptException)


class Page:
    """What a browser shows.

    Attributes:
        driver: Selenium's.
    """

    def __init__(self, driver):
        self.driver = driver

    def open(self, address, width=1400, height=900, dark=False, **state):
        """Load the page alone, without TensorBoard's own around it; `state` goes into the address."""
        self.resize(width, height)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(f"{address}#{fragment(**state)}")
        return self.settle()

    def open_tensorboard(self, address, hash_="saliency", width=1400, height=900):
        """Load TensorBoard, and go into the frame of the tab."""
        self.resize(width, height)
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get(f"{address}#{hash_}")
        return self.enter_frame()

    def enter_frame(self):
        self.driver.switch_to.default_content()
        self.driver.switch_to.frame(self.wait(lambda: self.find("iframe[src*=plugin_entry]")))
        return self.settle()

    def resize(self, width, height):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def settle(self):
        """Wait until nothing that the page shows is on its way."""
        self.wait(lambda: self.find("main"))
        self.driver.execute_async_script(_SETTLED)
        return self

    def wait(self, condition):
        """Wait until a condition is truthy, and return what it gave."""
        return wait_for(condition, lambda: f"The page says:\n{self.text('body')}", _NOT_YET)

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def all(self, selector):
        return self.driver.find_elements("css selector", selector)

    def text(self, selector):
        """What an element says, whether or not it is in sight."""
        return self.find(selector).get_property("textContent")

    def texts(self, selector):
        script = "return [...document.querySelectorAll(arguments[0])].map((e) => e.textContent)"
        return self.driver.execute_script(script, selector)

    def click(self, selector):
        self.find(selector).click()
        return self.settle()

    def choose(self, group, value):
        """Press a button of a group, by the group's label."""
        return self.click(f'[aria-label="{group}"] button[data-value="{value}"]')

    def select(self, label, value):
        Select(self.find(f'select[aria-label="{label}"]')).select_by_value(str(value))
        return self.settle()

    def slide(self, label, value):
        """Drag a slider to a value, as far as the page can tell."""
        script = (
            "const [slider, value] = arguments; slider.value = value;"
            "slider.dispatchEvent(new Event('input', {bubbles: true}))"
        )
        self.driver.execute_script(script, self.find(f'input[aria-label="{label}"]'), value)
        return self.settle()

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()
        return self.settle()

    def saved(self, button, folder):
        """The picture in the file that a button gives the browser to keep."""
        folder.mkdir()
        where = {"behavior": "allow", "downloadPath": str(folder)}
        self.driver.execute_cdp_cmd("Browser.setDownloadBehavior", where)
        next(found for found in self.all("button.chip") if found.text == button).click()
        self.wait(lambda: any(not path.name.endswith(".crdownload") for path in folder.iterdir()))
        (path,) = folder.iterdir()
        return Image.open(io.BytesIO(path.read_bytes()))

    def point(self, element, x, y):
        """Move the pointer over an element, to shares of its width and height."""
        width, height = element.size["width"], element.size["height"]
        offset = round((x - 0.5) * width), round((y - 0.5) * height)
        ActionChains(self.driver).move_to_element_with_offset(element, *offset).perform()

    def click_at(self, element, x, y):
        """Click on an element, at shares of its width and height."""
        self.point(element, x, y)
        ActionChains(self.driver).click().perform()
        return self.settle()

    @property
    def epoch(self):
        return self.text("output.epoch")

    @property
    def link(self):
        """The address that people copy; it follows the state with a short pause."""
        self.driver.execute_async_script("setTimeout(arguments[0], 400)")
        script = "return (parent.document.querySelector('tb-webapp') ? parent : window).location.href"
        return self.driver.execute_script(script)

    @property
    def state(self):
        """What the address holds of the state."""
        parts = (part.split("=") for part in urlsplit(self.link).fragment.split("&"))
        return dict(part for part in parts if len(part) == 2)

    def card(self, probe):
        return self.find(f'.card[data-probe="{probe}"]')

    def canvas(self, selector):
        """The pixels of a canvas, `(height, width, 4)`."""
        script = "return document.querySelector(arguments[0]).toDataURL()"
        url = self.driver.execute_script(script, selector)
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).convert("RGBA"))

    def heat(self, probe):
        """The pixels of a card's map, `(height, width, 4)`."""
        return self.canvas(f'.card[data-probe="{probe}"] canvas.heat')

    def displayed(self, selector, rows, columns):
        """What is seen of an element, at the centres of so many rows and columns, `(rows, columns, 3)`."""
        picture = Image.open(io.BytesIO(self.find(selector).screenshot_as_png)).convert("RGB")
        y = ((np.arange(rows) + 0.5) * picture.height / rows).astype(int)
        x = ((np.arange(columns) + 0.5) * picture.width / columns).astype(int)
        return np.asarray(picture)[y][:, x]

    def complaints(self):
        """What the browser's console has against the page: errors and violations of the content policy."""
        entries = self.driver.get_log("browser")
        messages = [
            e["message"] for e in entries if e["level"] == "SEVERE" or "Content Security" in e["message"]
        ]
        # The browser itself asks once for the icon of TensorBoard's plugin page, where a test opens that alone.
        return [message for message in messages if "/favicon.ico " not in message]


def fragment(**state):
    """The part of an address that holds a state."""
    return "&".join(
        f"s.{name}={quote(value if isinstance(value, str) else json.dumps(value), safe='')}"
        for name, value in state.items()
    )


__all__ = ["ENTRY", "Keys", "Page", "fragment"]
