import { describe, expect, test } from "bun:test";
import type { TaskOverview } from "#tasks/overview.ts";
import { nameFolders } from "#base/format-values.ts";
import { formatTasks } from "#cli/terminal/format-task.ts";
import { formatNotification } from "#cli/terminal/notify.ts";
import { render, type Text, userStyle } from "#cli/terminal/style.ts";
import { cutMiddle } from "#cli/terminal/table.ts";
import { arrange, type ListState } from "#cli/tasks/watch/list-state.ts";
import { drawHelp, drawList, drawTask } from "#cli/tasks/watch/view.ts";

const PLAIN = { isTerminal: true, hasColour: false };
const COLOUR = { isTerminal: true, hasColour: true };
const SIZES = [
  { width: 80, height: 24 },
  { width: 200, height: 50 },
];

function task(id: string, more: Partial<TaskOverview> = {}): TaskOverview {
  return {
    task_id: id,
    topic: id.replace("codex-", ""),
    status: "completed",
    mode: "dispatch",
    sandbox: "full-access",
    cwd: "/home/you/work/app",
    repository: "/home/you/work/app",
    started_at: "2026-01-01T00:00:00.000Z",
    elapsed_seconds: 3600,
    ...more,
  };
}

const TASKS = [
  task("codex-implement-a_very_long_description_of_the_parser-v1"),
  task("codex-implement-a_very_long_description_of_the_parser-v2", { status: "running", activity: "Reading tokens" }),
  task("codex-review-auth-v1", { repository: "/home/you/other/app", status: "queued" }),
  task("codex-review-auth-v2", { repository: "/home/you/other/app", status: "failed", asked: "Find 名前 faults" }),
];

const lines = (texts: readonly Text[], medium = PLAIN) => texts.map((text) => render(text, medium));
const STATE: ListState = {
  tasks: TASKS,
  counts: { running: 1, queued: 1, completed: 1, failed: 1 },
  isUnfinishedOnly: false,
  query: "",
  selected: 0,
  top: 0,
  message: undefined,
};

describe.each(SIZES)("on a terminal of %p", (size) => {
  test("rows of tasks differ, fit, and name the repository", () => {
    const rows = lines(formatTasks(TASKS, size.width)).slice(1);
    expect(new Set(rows.map((row) => row.replace(/ (?:✓|●|○|✗) .*/, ""))).size).toBe(TASKS.length);
    for (const row of rows) expect(Bun.stringWidth(row)).toBeLessThanOrEqual(size.width);
    expect(rows[1]).toMatch(/^codex-imp.*-v2 +work\/app +● running/);
    expect(rows[2]).toMatch(/^codex-review-auth-v1 +other\/app +○ queued/);
  });

  test("the live view fills the screen exactly", () => {
    const page = {
      title: "codex-review-auth-v1",
      tab: "Diff" as const,
      lines: [{ text: "+added ".repeat(60), style: "green" as const }],
      scrolled: 0,
      message: undefined,
    };
    for (const view of [drawList(STATE, size), drawTask(page, size), drawHelp(size)]) {
      expect(view).toHaveLength(size.height);
      for (const line of lines(view)) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(size.width);
    }
    expect(lines(drawList(STATE, size)).at(-1)).toContain("q quit");
    expect(lines(drawTask(page, size))[0]).toStartWith(" Live  Result [Diff]  codex-review-auth-v1");
  });

  test("colours are those of the terminal's palette, and none with NO_COLOR", () => {
    const coloured = lines(drawList(STATE, size), COLOUR).join("\n");
    // Neither black nor white is set as a colour, so dark and light backgrounds both work.
    // oxlint-disable-next-line no-control-regex -- styles are what this is about
    const codes = new Set([...coloured.matchAll(/\u001B\[(\d+)m/g)].map(([, code]) => code));
    expect(codes).toEqual(new Set(["0", "1", "2", "31", "32", "36"]));
    expect(lines(drawList(STATE, size)).join("\n")).not.toContain("\u001B");
  });
});

test("running tasks come first, then queued ones; a search matches ids, repositories and prompts", () => {
  const ids = (query: string) => arrange(TASKS, query).map(({ task_id }) => task_id.slice(-12));
  expect(ids("")).toEqual(["he_parser-v2", "view-auth-v1", "he_parser-v1", "view-auth-v2"]);
  expect(ids("OTHER/app")).toEqual(["view-auth-v1", "view-auth-v2"]);
  expect(ids("名前")).toEqual(["view-auth-v2"]);
  expect(ids("tokens")).toEqual(["he_parser-v2"]);
  expect(lines(drawList({ ...STATE, tasks: [], query: "none" }, { width: 80, height: 10 })).join("\n")).toContain(
    'No task contains "none".',
  );
});

test("names of folders are as long as they have to be", () => {
  expect([...nameFolders(["/a/app", "/b/app", "/a/lib", "/a/app"]).values()]).toEqual(["a/app", "b/app", "lib"]);
  expect([...nameFolders(["/", "/x"]).values()]).toEqual(["/", "x"]);
});

test("a cut in the middle keeps both ends, with characters of any width", () => {
  const cut = (text: string, width: number) => render(cutMiddle(text, width), PLAIN);
  expect(cut("codex-review-auth-v1", 30)).toBe("codex-review-auth-v1");
  expect(cut("codex-review-auth-v1", 11)).toBe("codex…th-v1");
  for (let width = 1; width < 30; width++) {
    const shown = cut("名前-👩‍👩‍👧-名前-名前-v12", width);
    expect(Bun.stringWidth(shown)).toBeLessThanOrEqual(width);
    if (width > 8) expect(shown).toEndWith("-v12");
  }
});

test("the end of a task rings, or notifies where the terminal is known to show it", () => {
  const ended = { task_id: "codex-review-auth-v1", status: "completed" as const };
  const sent = (environment: Record<string, string>) => render(formatNotification(ended, environment), PLAIN);
  expect(sent({ TERM: "xterm-256color" })).toBe("\u0007");
  expect(sent({ TERM_PROGRAM: "iTerm.app" })).toBe("\u001B]9;codex-review-auth-v1: completed\u0007");
  expect(sent({ TERM: "xterm-kitty" })).toStartWith("\u001B]9;");
  expect(sent({ TERM: "foot-extra" })).toStartWith("\u001B]9;");
  expect(sent({ TERM: "xterm-256color", KONSOLE_VERSION: "240800" })).toBe(
    "\u001B]777;notify;Codex;codex-review-auth-v1: completed\u0007",
  );
  expect(sent({ KONSOLE_VERSION: "240800", TMUX: "/tmp/x,1,0" })).toBe("\u0007");
  expect(sent({ TERM_PROGRAM: "WezTerm", TMUX: "/tmp/x,1,0" })).toBe("\u0007");
  expect(render(formatNotification(ended, {}), { isTerminal: false, hasColour: false })).toBe("");
});

test("a colour that the user has chosen is a colour and nothing else", () => {
  expect(userStyle("1;38;5;208")).toBe("sgr:1;38;5;208");
  for (const codes of ["", "1m\u001B]0;x\u0007", "1;", "x", "1".repeat(200)]) expect(userStyle(codes)).toBe("plain");
});
