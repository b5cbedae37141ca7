"""A person who has no mouse: goes by Tab to what they see, and uses it by keys; wherever they stop it has to show."""

from playwright.sync_api import Locator, Page

#: More stops than any page has: whoever needs more is in a trap.
MOST = 400
_SHOWS = """one => {
  const style = getComputedStyle(one), at = one.getBoundingClientRect();
  const marked = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  return marked && at.width > 0 && at.bottom > 0 && at.top < innerHeight;
}"""


class Keys:
    """The keyboard of one page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, target: Locator) -> None:
        """Goes on by Tab until the target has the focus, which it shows within the window."""
        here = target.first.element_handle()
        for _ in range(MOST):
            if self.page.evaluate("one => one === document.activeElement", here):
                assert here.evaluate(_SHOWS), f"the focus does not show: {here.evaluate('one => one.outerHTML')}"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no key leads to it: {here.evaluate('one => one.outerHTML')}")

    def press(self, target: Locator, key: str = "Enter") -> None:
        """Uses a button, a link, or with `Space` a box to tick."""
        self.reach(target)
        self.page.keyboard.press(key)

    def write(self, target: Locator, text: str) -> None:
        """Types into a field, in the place of what stands there."""
        self.reach(target)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)

    def choose(self, target: Locator, value: str) -> None:
        """Goes down a list until a value is chosen."""
        self.reach(target)
        for _ in range(MOST):
            if target.input_value() == value:
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"no key chooses {value}")
