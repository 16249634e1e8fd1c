import type { Page } from "playwright-core";

/**
 * Script that lists faults of a page's layout: sideways scrolling, and controls that are cut off, covered, have cut texts, or are
 * smaller than 24 pixels without space around them. Lines of code may be lower: their keys are j, k and c.
 */
const FIND_FAULTS = `(() => {
  const faults = [];
  const root = document.documentElement;
  const over = root.scrollWidth - innerWidth;
  if (over > 0) faults.push("scrolls sideways by " + over + " px");
  const describe = (element) => {
    const text = element.getAttribute("aria-label") ?? element.innerText ?? "";
    return element.localName + "." + element.className + " “" + text.trim().replace(/\\s+/g, " ").slice(0, 40) + "”";
  };
  const window = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
  const framesOf = (element) => {
    const frames = [window];
    for (let each = element.parentElement; each !== null && each !== root; each = each.parentElement) {
      if (getComputedStyle(each).overflow !== "visible") frames.push(each.getBoundingClientRect());
    }
    return frames;
  };
  const isScrolledSideways = (element) => {
    for (let each = element.parentElement; each !== null && each !== root; each = each.parentElement) {
      if (["auto", "scroll"].includes(getComputedStyle(each).overflowX) && each.scrollWidth > each.clientWidth) return true;
    }
    return false;
  };
  const scope = document.querySelector("dialog[open]") ?? document.body;
  const controls = [...scope.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((each) => each.checkVisibility({ visibilityProperty: true }))
    .filter((each) => each.closest(".visually-hidden, .skip, [role=separator]") === null)
    .map((element) => {
      const target = element.matches("[type=checkbox], [type=radio]") ? (element.closest("label") ?? element) : element;
      const box = target.getBoundingClientRect();
      return { element, target, box, isSmall: box.width < 23.5 || box.height < 23.5, x: box.left + box.width / 2, y: box.top + box.height / 2 };
    });
  const isShown = ({ target, x, y }) =>
    framesOf(target).every((frame) => x > frame.left && x < frame.right && y > frame.top && y < frame.bottom);
  const distance = ({ x, y }, { left, right, top, bottom }) =>
    Math.hypot(Math.max(left - x, x - right, 0), Math.max(top - y, y - bottom, 0));
  for (const control of controls) {
    const { element, target, box, isSmall, x, y } = control;
    const style = getComputedStyle(element);
    const isCut = box.left < -0.5 || box.right > innerWidth + 0.5;
    if (isCut && !isScrolledSideways(target)) faults.push("is cut off at the side: " + describe(element));
    const isInText = style.display === "inline" || element.matches(".line-number");
    const near = () => controls.find((other) => {
      if (!isShown(other)) return false;
      if (other.target === target || other.target.contains(target) || target.contains(other.target)) return false;
      return distance(control, other.box) < 12 || (other.isSmall && Math.hypot(x - other.x, y - other.y) < 24);
    });
    if (isSmall && !isInText && near() !== undefined) {
      faults.push("is small (" + Math.round(box.width) + " x " + Math.round(box.height) + ") and near to " + describe(near().element) + ": " + describe(element));
    }
    if (element.localName === "button" && element.scrollWidth > element.clientWidth + 1 && style.textOverflow !== "ellipsis" && !element.matches(".line-number")) {
      faults.push("has a cut text: " + describe(element));
    }
    const top = isShown(control) ? document.elementFromPoint(x, y) : null;
    // The rest of a page goes on below what sticks to its edge.
    if (top === null || target.contains(top) || top.contains(target) || top.closest(".marked-bar, .notices") !== null) continue;
    faults.push("is covered by " + describe(top) + ": " + describe(element));
  }
  return faults;
})()`;

/** Returns the faults of a page's layout at its present size, each once. */
export async function findLayoutFaults(page: Page): Promise<string[]> {
  return [...new Set(await page.evaluate<string[]>(FIND_FAULTS))];
}
