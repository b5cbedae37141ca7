// What axe does not look at on an open page: focus that shows, targets large enough, nothing cut off, nothing moved.
"use strict";

const said = (one) => one.outerHTML.slice(0, 100);
const able = (one) => !one.disabled && one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
const GIVEN = "a[href], button, input:not([type=hidden]), select, textarea, summary";

// Everything that keys reach takes the focus and shows that it has it (WCAG 2.4.7), in the order of the page (2.4.3).
function focus() {
  const wrong = [];
  const looks = (one) => {
    const style = getComputedStyle(one);
    const outline = style.outlineStyle === "none" ? "0px" : style.outlineWidth;
    return [outline, style.outlineColor, style.boxShadow, style.borderColor, style.backgroundColor].join();
  };
  // Of those that look alike one is tried: hundreds of links in a table would take seconds.
  const tried = new Set();
  for (const one of document.querySelectorAll(`${GIVEN}, [tabindex]`)) {
    const kind = [one, one.parentElement].map((each) => `${each.tagName}.${each.className}.${each.type}`).join(" in ");
    if (!able(one) || one.tabIndex < 0 || tried.has(kind)) continue;
    tried.add(kind);
    if (one.tabIndex > 0) wrong.push(`an order of its own: ${said(one)}`);
    const before = looks(one);
    one.focus({ focusVisible: true, preventScroll: true });
    if (document.activeElement !== one) wrong.push(`takes no focus: ${said(one)}`);
    else if (looks(one) === before) wrong.push(`does not show its focus: ${said(one)}`);
  }
  document.activeElement.blur();
  return wrong;
}

// What can be hit is 24 pixels wide and high, or 24 pixels from the middle of the next one, or in a sentence (2.5.8).
function targets() {
  const box = (one) => {
    const own = one.getBoundingClientRect();
    if (!["radio", "checkbox"].includes(one.type) || !one.labels.length) return own;
    const label = one.labels[0].getBoundingClientRect();
    const [left, top] = [Math.min(own.left, label.left), Math.min(own.top, label.top)];
    return new DOMRect(left, top, Math.max(own.right, label.right) - left, Math.max(own.bottom, label.bottom) - top);
  };
  const inSentence = (one) =>
    getComputedStyle(one).display === "inline" &&
    [...one.parentElement.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
  const all = [...document.querySelectorAll(GIVEN)]
    .filter((one) => able(one) && !one.classList.contains("skip"))
    .map((one) => [one, box(one)])
    .filter(([, at]) => at.width && at.height);
  const small = new Set(all.filter(([one, at]) => (at.width < 24 || at.height < 24) && !inSentence(one)).map(([one]) => one));
  const middle = (at) => [at.left + at.width / 2, at.top + at.height / 2];
  const wrong = [];
  for (const [one, at] of all.filter(([which]) => small.has(which))) {
    const [x, y] = middle(at);
    const near = all.find(([other, there]) => {
      if (other === one || other.contains(one) || one.contains(other)) return false;
      if (small.has(other)) return Math.hypot(middle(there)[0] - x, middle(there)[1] - y) < 24;
      const [dx, dy] = [Math.max(there.left - x, 0, x - there.right), Math.max(there.top - y, 0, y - there.bottom)];
      return Math.hypot(dx, dy) < 12;
    });
    if (near) wrong.push(`too small to be hit (${Math.round(at.width)} × ${Math.round(at.height)}): ${said(one)}`);
  }
  return wrong;
}

// Nothing sticks out of the window or is cut off; tables may be moved sideways in their frame (WCAG 1.4.4, 1.4.10).
function cut() {
  const wide = document.documentElement.clientWidth;
  const over = document.documentElement.scrollWidth - wide;
  const wrong = over > 0 ? [`${over} px too wide`] : [];
  for (const one of document.querySelectorAll("body *")) {
    if (!one.checkVisibility() || one.closest(".table, .hidden, .skip, svg, pre")) continue;
    const at = one.getBoundingClientRect();
    if (!at.width) continue;
    const hides = !one.matches("input, select, textarea") && getComputedStyle(one).overflow.match(/hidden|clip/);
    if (at.right > wide + 1 || at.left < -1) wrong.push(`sticks out: ${said(one)}`);
    else if (hides && (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1)) {
      wrong.push(`cut off: ${said(one)}`);
    }
  }
  return wrong;
}

// The sum of everything that moved since the page was asked for, and that no click or key asked for.
function shift() {
  return new Promise((done) => {
    let sum = 0;
    const add = (list) => list.getEntries().forEach((one) => { sum += one.hadRecentInput ? 0 : one.value; });
    new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => done(sum), 50);
  });
}
