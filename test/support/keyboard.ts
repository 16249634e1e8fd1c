import type { Locator, Page } from "playwright-core";

/** Largest number of presses of a key until something has the focus. */
const MAX_PRESSES = 60;

/** A reader with a keyboard alone, who presses the keys that `?` lists. */
export class Keyboard {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  /** Opens the list of keys, presses the one that has an effect, and says so if none has it. */
  async does(effect: string): Promise<void> {
    const name = (await this.list()).get(effect);
    if (name === undefined) throw new Error(`? does not list a key for: ${effect}`);
    const [first = "", ...more] = name.split(" ");
    const names: Record<string, string> = { Esc: "Escape" };
    await this.press(names[first] ?? first, ...(first === "g" ? more : []));
  }

  /** The keys that `?` lists, by their effects. */
  async list(): Promise<Map<string, string>> {
    await this.press("?");
    const dialog = this.#page.getByRole("dialog", { name: "Keys" });
    await dialog.waitFor();
    const names = await dialog.locator("dt").allInnerTexts();
    const effects = await dialog.locator("dd").allInnerTexts();
    await this.press("Escape");
    // It is out of the page only some time after it has closed.
    await this.#page.locator("dialog").waitFor({ state: "detached" });
    return new Map(effects.map((effect, index) => [effect, names[index] ?? ""]));
  }

  /** Presses keys, one after the other. */
  async press(...keys: readonly string[]): Promise<void> {
    for (const key of keys) await this.#page.keyboard.press(key);
  }

  async type(text: string): Promise<void> {
    await this.#page.keyboard.type(text);
  }

  /** Presses Tab until something has the focus. */
  async tabTo(wanted: Locator, key: "Tab" | "Shift+Tab" = "Tab"): Promise<void> {
    await this.#pressUntil(key, async () => this.hasFocus(wanted));
  }

  /** Presses an arrow key in a group of radio buttons until one is chosen. */
  async arrowTo(wanted: Locator, key = "ArrowDown"): Promise<void> {
    await this.#pressUntil(key, async () => wanted.isChecked());
  }

  async hasFocus(wanted: Locator): Promise<boolean> {
    return (await wanted.count()) > 0 && (await wanted.first().evaluate((element) => element.matches(":focus")));
  }

  /** What has the focus, for those who read why a test failed. */
  async focused(): Promise<string> {
    const focused = this.#page.locator(":focus");
    return (await focused.count()) === 0
      ? "nothing"
      : focused.first().evaluate((element) => element.outerHTML.slice(0, 200));
  }

  async #pressUntil(key: string, isSo: () => Promise<boolean>): Promise<void> {
    for (let presses = 0; presses < MAX_PRESSES; presses++) {
      if (await isSo()) return;
      await this.press(key);
    }
    throw new Error(`${key} does not get there; the focus is at ${await this.focused()}`);
  }
}
