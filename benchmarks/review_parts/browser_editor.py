"""The editor in a real browser, used as a person uses it: with mouse and keys.

with browser() as driver:
    editor = Editor(driver, url)
    editor.log_in(login, password)
    editor.open(project, task)
    editor.mark("high fever", key="7")
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import TimeoutException, WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.actions.mouse_button import MouseButton
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

#: Without these Chromium itself calls its maker.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)
#: Seconds until the page is given up; it takes two or three on an idle machine.
PATIENCE = 60
#: Seconds until what a person does is tried again.
TRY = 10
#: Addresses that are this machine.
HERE = ("127.0.0.1", "localhost")

#: The texts on the page.
TEXT = '[class*="htx-richtext"]'
#: Where a wording stands on the screen, as two points on its first and last letter, or nothing.
PLACE = """
const [wording, at] = arguments;
const root = document.querySelectorAll('[class*="htx-richtext"]')[at];
if (!root) return null;
const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const start = node.data.indexOf(wording);
  if (start < 0) continue;
  node.parentElement.scrollIntoView({block: 'center'});
  const range = document.createRange();
  range.setStart(node, start);
  range.setEnd(node, start + wording.length);
  const boxes = range.getClientRects(), first = boxes[0], last = boxes[boxes.length - 1];
  return [first.left + 2, first.top + first.height / 2, last.right - 2, last.top + last.height / 2];
}
return null;
"""


#: The text, line by line.
LINES = """
return document.querySelector('[class*="htx-richtext"]').innerHTML.split('<br>').map(line => {
  const box = document.createElement('div');
  box.innerHTML = line;
  return box.textContent.trim();
});
"""
#: The background of each mark, by its wording.
COLOURS = """
return Object.fromEntries([...document.querySelectorAll('.htx-highlight')].map(
  mark => [mark.textContent.trim(), getComputedStyle(mark).backgroundColor]));
"""
#: Select a wording in a field, with the cursor in it.
SELECT = """
const [area, wording] = arguments, start = area.value.indexOf(wording);
area.focus();
area.setSelectionRange(start, start + wording.length);
"""
#: The digits before a mark.
NUMBER = """
const style = getComputedStyle(arguments[0], '::before');
return style.content.replaceAll(/[" ]/g, '');
"""
#: All words that stand within the window.
IN_SIGHT = """
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
for (let node = walker.nextNode(); node; node = walker.nextNode()) {
  const box = node.parentElement.getBoundingClientRect();
  if (box.width && box.top >= 0 && box.bottom <= window.innerHeight) found.push(node.data);
}
return found.join('\\n');
"""


@contextmanager
def browser(*, width: int = 1500, height: int = 1200) -> Iterator[Any]:
    """Chromium without a screen, with a profile of its own."""
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or shutil.which("chromium-browser") or ""
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    with tempfile.TemporaryDirectory(prefix="clincurate-browser-", ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--window-size={width},{height}", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        service = webdriver.ChromeService(executable_path=shutil.which("chromedriver"))
        driver = webdriver.Chrome(options=options, service=service)
        try:
            driver.set_page_load_timeout(PATIENCE)
            yield driver
        finally:
            driver.quit()


class Editor:
    """One annotator's page."""

    def __init__(self, driver: Any, url: str) -> None:
        self._driver = driver
        self._url = url

    def log_in(self, login: str, password: str) -> None:
        """Through the form, as people do; whoever was logged in before is not any more."""
        # An open page of the server would renew its session.
        self._driver.get("about:blank")
        self._driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self._driver.get(f"{self._url}/user/login/")
        self._find(By.NAME, "email").send_keys(login)
        self._find(By.NAME, "password").send_keys(password)
        self._click(By.CSS_SELECTOR, "form [type=submit]")
        self.until(lambda: "/user/login" not in self._driver.current_url)

    def open(self, project: int, task: int) -> None:
        """A task in the editor, ready to be worked on."""
        self._driver.get(f"{self._url}/projects/{project}/data?task={task}")
        self.until(lambda: self._driver.find_elements(By.CSS_SELECTOR, TEXT))
        self.until(lambda: self.buttons("Submit", "Update"))

    def mark(self, wording: str, *, key: str, text: int = 0, shift: bool = False) -> None:
        """Choose a label by its key, then drag over a wording of the text (the first text, or another)."""
        # Marks of others may be drawn only now: what counts are those of this wording.
        before = len(self._marks(wording))
        self._repeat(lambda: self._drag(wording, key, text, shift=shift), lambda: len(self._marks(wording)) > before)
        self.press(Keys.ESCAPE)

    def _drag(self, wording: str, key: str, text: int, *, shift: bool) -> None:
        self.press(Keys.ESCAPE)
        self.press(key, shift=shift)
        rectangle = self.until(lambda: self._driver.execute_script(PLACE, wording, text))
        left, top, right, bottom = (round(number) for number in rectangle)
        action = ActionBuilder(self._driver)
        pointer = action.pointer_action
        pointer.move_to_location(left, top)
        pointer.pointer_down(MouseButton.LEFT)
        pointer.move_to_location((left + right) // 2, bottom)
        pointer.move_to_location(right, bottom)
        pointer.pointer_up(MouseButton.LEFT)
        action.perform()

    def choose(self, value: str, *, key: str = "") -> None:
        """Tick a choice, by what it says, with the mouse or by its key."""
        box = f"//label[starts-with(normalize-space(.), '{value}')]"
        tick = (lambda: self.press(key)) if key else (lambda: self._click(By.XPATH, box))
        self._repeat(tick, lambda: self._driver.find_element(By.XPATH, f"{box}//input").is_selected())

    def select(self, wording: str, *, shows: str) -> None:
        """Click a mark, by its wording, until the page shows the choice that only a selected mark has."""
        choice = f"//label[starts-with(normalize-space(.), '{shows}')]"
        self._repeat(
            lambda: self._marks(wording)[0].click(),
            lambda: self._driver.find_element(By.XPATH, choice).is_displayed(),
        )

    def text_areas(self, name: str) -> list[Any]:
        """The fields of a control in which a text is written, as far as they are seen."""
        found = self._driver.find_elements(By.CSS_SELECTOR, f"textarea[name='{name}']")
        return [area for area in found if area.is_displayed()]

    def correct(self, wording: str, written: str, *, control: str = "translation") -> None:
        """Select a wording in the field of a control, type another in its place, and leave the field."""
        area = self.until(lambda: self.text_areas(control))[0]
        self._driver.execute_script(SELECT, area, wording)
        area.send_keys(written)
        self._driver.execute_script("arguments[0].blur()", area)

    def scroll_to(self, element: Any) -> None:
        """Bring an element of the page into sight, above the verdict."""
        self._driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)

    def number_before(self, wording: str) -> str:
        """The number that the page shows before a mark."""
        self.until(lambda: self._marks(wording))
        shown: str = self._driver.execute_script(NUMBER, self._marks(wording)[0])
        return shown

    def colours(self, *wordings: str) -> dict[str, str]:
        """The background of each mark as CSS says it, by its wording, once these are marked."""
        self.until(lambda: all(self._marks(wording) for wording in wordings))
        return dict(self._driver.execute_script(COLOURS))

    def lines(self) -> list[str]:
        """The text as the page breaks it into lines, without the blanks at their ends."""
        found: list[str] = self._driver.execute_script(LINES)
        return found

    def in_sight(self) -> str:
        """All words on the page that are read without scrolling."""
        return str(self._driver.execute_script(IN_SIGHT))

    def press(self, key: str, *, shift: bool = False) -> None:
        """A key, wherever the page listens."""
        keys = ActionChains(self._driver)
        (keys.key_down(Keys.SHIFT).send_keys(key).key_up(Keys.SHIFT) if shift else keys.send_keys(key)).perform()

    def buttons(self, *words: str) -> list[Any]:
        """The buttons that say one of the words."""
        found = self._driver.find_elements(By.TAG_NAME, "button")
        return [button for button in found if button.is_displayed() and button.text.strip() in words]

    def submit(self) -> None:
        """Send the answer, and wait until it is stored: only then can it be updated."""
        self.press_button("Submit", "Update")
        self.until(lambda: self.buttons("Update") and not self.buttons("Submit"))

    def refused(self) -> str:
        """What the page says when an answer that lacks something is sent."""
        self._repeat(lambda: self.press_button("Submit", "Update"), self._message)
        said: str = self._message()
        self._repeat(lambda: self.press_button("OK"), lambda: not self._message())
        return said

    def _message(self) -> str:
        found = self._driver.find_elements(By.CSS_SELECTOR, "[class*=modal-confirm-content]")
        return "".join(shown.text for shown in found)

    def white_space(self) -> str:
        """How the page treats blanks in the text."""
        script = "return getComputedStyle(document.querySelector(arguments[0])).whiteSpace"
        return str(self._driver.execute_script(script, TEXT))

    def save_picture(self, path: str) -> None:
        """The page as PNG."""
        self._driver.save_screenshot(path)

    def called(self) -> set[str]:
        """The hosts that the browser has asked for anything since the last look."""
        hosts = set()
        for entry in self._driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                address = urlsplit(message["params"]["request"]["url"])
                if address.scheme in ("http", "https", "ws", "wss"):
                    hosts.add(str(address.hostname))
        return hosts

    def _marks(self, wording: str) -> list[Any]:
        """The marks over exactly this wording."""
        what = f"//*[contains(@class, 'htx-highlight') and normalize-space(.)='{wording}']"
        found: list[Any] = self._driver.find_elements(By.XPATH, what)
        return found

    def _repeat(self, act: Callable[[], Any], done: Callable[[], Any]) -> None:
        """Act until it is done: a page that draws itself misses what the mouse and the keys do."""

        def tried() -> bool:
            act()
            waiting = WebDriverWait(self._driver, TRY, poll_frequency=0.2, ignored_exceptions=[WebDriverException])
            try:
                waiting.until(lambda _: done())
            except TimeoutException:
                return False
            return True

        self.until(tried)

    def press_button(self, *words: str) -> None:
        """Click the first button that says one of the words, as soon as there is one."""
        self.until(lambda: [button.click() for button in self.buttons(*words)[:1]])

    def _click(self, by: str, what: str) -> None:
        self.until(lambda: [element.click() for element in self._driver.find_elements(by, what)[:1]])

    def _find(self, by: str, what: str) -> Any:
        return self.until(lambda: self._driver.find_elements(by, what))[0]

    def until(self, look: Callable[[], Any]) -> Any:
        """What `look` finds, once it finds something."""
        # The page draws itself anew at any time: what was found may be gone, or still behind something else.
        waiting = WebDriverWait(self._driver, PATIENCE, poll_frequency=0.2, ignored_exceptions=[WebDriverException])
        return waiting.until(lambda _: look())
