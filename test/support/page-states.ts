import type { Page } from "playwright-core";
import type { Scene } from "../../scripts/screenshots/scene.ts";

/** State of a page to look at: the address for a scene, and steps that lead to it; they end when it is shown. */
export interface PageState {
  name: string;
  path: (scene: Scene) => string;
  show: (page: Page) => Promise<void>;
  /** Whether the board has no tasks. */
  isEmpty?: boolean;
  /** Whether the browser notes that a request has no answer. */
  isMissing?: boolean;
}

const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name }).first();
const shows = (text: string | RegExp) => async (page: Page) => page.getByText(text).first().waitFor();
const opens = (name: string | RegExp) => async (page: Page) => {
  await button(page, name).click();
  await page.getByRole("dialog").waitFor();
};

/** Returns a state of a task's page. */
function ofTask(
  name: string,
  task: "running" | "asking" | "failed" | "conflicting" | "audit" | "review",
  show: PageState["show"],
  query = "",
): PageState {
  return { name, path: (scene) => `/tasks/${scene[task]}${query}`, show };
}

/** Returns a state of a page that has the same address for each scene. */
function atPath(name: string, path: string, show: PageState["show"], isEmpty = false): PageState {
  return { name, path: () => path, show, isEmpty };
}

/** States of all pages, and of their dialogs. */
export const PAGE_STATES: readonly PageState[] = [
  atPath("the board", "/", shows("Migrate the build")),
  atPath("a board without tasks", "/", shows("No tasks yet"), true),
  atPath("a filter without hits", "/?q=nothing+has+this", shows("No task matches")),
  atPath("cards that are marked", "/", async (page) => {
    for (const index of [0, 1]) await page.getByRole("article").nth(index).getByRole("checkbox").check({ force: true });
    await page.getByText("2 tasks marked").waitFor();
  }),
  atPath("the keys", "/", async (page) => {
    await shows("Migrate the build")(page);
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keys" }).waitFor();
  }),
  ofTask("a task with work", "review", shows("slug.test.ts")),
  ofTask("its merge", "review", async (page) => {
    await opens("Merge…")(page);
    await shows("Merges cleanly into")(page);
  }),
  ofTask("its discard", "review", opens("Discard…")),
  ofTask("its export", "review", opens("Export…")),
  ofTask("its check", "review", shows("attempt"), "?tab=check"),
  ofTask("its facts", "review", shows("Commands"), "?tab=facts"),
  ofTask(
    "a comment on a line",
    "review",
    async (page) => {
      await button(page, "Comment on new line 1").click();
      await page.getByLabel(/^Comment on line/).waitFor();
    },
    "?tab=changes",
  ),
  ofTask("a running task", "running", shows("Step 1 of 3")),
  ofTask("its cancel", "running", opens("Cancel…")),
  ofTask("a task that asks", "asking", shows("Codex's reason")),
  ofTask("a task that has failed", "failed", shows("The parser no longer"), "?tab=result"),
  ofTask("a task that only read", "audit", shows("Two inputs make it throw")),
  { ...atPath("a task that does not exist", "/tasks/codex-none-v1", shows(/no task/i)), isMissing: true },
  atPath("the timeline", "/timeline?span=1h", shows("Timeline")),
  atPath("its table", "/timeline?span=1h", async (page) => {
    await button(page, "Table").click();
    await page.getByRole("table").waitFor();
  }),
  atPath("the usage", "/usage", shows("Tokens by day")),
  atPath("its tables", "/usage", async (page) => {
    await shows("Tokens by day")(page);
    for (const section of await page.getByRole("button", { name: "Table" }).all()) await section.click();
    await page.getByRole("table").first().waitFor();
  }),
  { name: "tries", path: ({ tries }) => `/compare?group=${tries}`, show: shows("Intl.Segmenter") },
  {
    name: "the merge of a try",
    path: ({ tries }) => `/compare?group=${tries}`,
    show: async (page) => {
      await opens(/^Take this one/)(page);
      await shows("Merges cleanly")(page);
    },
  },
  atPath("the choice of tasks to compare", "/compare", shows("Tries at one prompt")),
  atPath("a new task", "/new", shows("Sandbox")),
  atPath("a new task with a fault", "/new", async (page) => {
    await button(page, "Start task").click();
    await page.locator("[aria-invalid=true]").first().waitFor();
  }),
];
