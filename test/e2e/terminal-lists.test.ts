import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCli } from "../support/command-line.ts";
import { runOnTerminal } from "../support/raw-terminal.ts";
import { Terminal } from "../support/terminal.ts";
import { BINARY, World } from "../support/world.ts";

const LONG = "implement-a_rather_long_description_of_a_parser";
let world: World;
let repo: string;

beforeAll(async () => {
  world = new World();
  repo = await world.repository("application");
  const other = await world.repository("library");
  world.stub.script("WRITE", [{ run: "echo new > new.txt; mkdir -p src; echo x > src/code.ts" }, { say: "Written." }]);
  await runCli(world, ["run", "--full-access", "--topic", `${LONG}-v1`, "WRITE"], {}, repo);
  await runCli(world, ["run", "--full-access", "--topic", `${LONG}_too-v1`, "WRITE"], {}, repo);
  await runCli(world, ["run", "--full-access", "--topic", "implement-other-v1", "WRITE"], {}, other);
});
afterAll(() => world.close());

const cli = (...args: string[]) => runCli(world, args, {}, repo);

test.each(["tasks", "worktrees"])(
  "%s at 80 columns: no row is like another, and each names its repository",
  async (command) => {
    const terminal = await Terminal.start(world, [BINARY, command], { width: 80, height: 20 });
    const screen = await terminal.shows("[exit 0]");
    await terminal.close();
    const rows = screen.filter((line) => /…|other/.test(line));
    expect(rows).toHaveLength(3);
    const names = rows.map((row) => row.slice(0, row.search(/application|library/)).trim());
    expect(new Set(names).size).toBe(3);
    expect(rows.filter((row) => row.includes("application"))).toHaveLength(2);
  },
);

describe("diff on a terminal", () => {
  const task = "implement-other-v1";
  const seen = async (more: Record<string, string>, ...options: string[]) => {
    const { output } = await runOnTerminal(world, ["diff", task, ...options], { more, cwd: repo });
    return output.toString();
  };

  test("goes through the user's pager, in git's order of choice", async () => {
    expect(await seen({ PAGER: "sed s/^/P:/" })).toContain("P:\u001B[1mdiff --git");
    expect(await seen({ PAGER: "sed s/^/P:/", GIT_PAGER: "sed s/^/G:/" })).toContain("G:\u001B[32m+new");
    await world.git(repo, "config", "--global", "core.pager", "sed s/^/C:/");
    expect(await seen({ PAGER: "sed s/^/P:/" })).toContain("C:\u001B[32m+new");
    expect(await seen({ PAGER: "sed s/^/P:/" }, "--no-pager")).not.toMatch(/[PC]:/);
    await world.git(repo, "config", "--global", "pager.diff", "false");
    expect(await seen({ PAGER: "sed s/^/P:/" })).not.toMatch(/[PC]:/);
    await world.git(repo, "config", "--global", "--unset", "pager.diff");
    await world.git(repo, "config", "--global", "--unset", "core.pager");
  });

  test("takes the user's colours, and no program of the repository's configuration", async () => {
    const library = join(world.root, "library");
    const marker = join(world.root, "pwned");
    await world.git(library, "config", "core.pager", `touch '${marker}'; cat`);
    await world.git(library, "config", "pager.diff", `touch '${marker}'; cat`);
    await world.git(repo, "config", "--global", "color.diff.new", "bold 208");
    expect(await seen({ PAGER: "cat" })).toContain("\u001B[1;38;5;208m+new\u001B[0m");
    await world.git(repo, "config", "--global", "color.ui", "never");
    expect(await seen({ PAGER: "cat" })).toContain("\n+new\n");
    await world.git(repo, "config", "--global", "--unset", "color.ui");
    expect(existsSync(marker)).toBe(false);
  });

  test("a pager that is closed early ends the command, with less as with a program that fails", async () => {
    const large = join(world.root, "library-agent-implement-other", "large.txt");
    writeFileSync(large, "line\n".repeat(200_000));
    for (const pager of ["head -1", "exit 3", "/none/at/all"]) {
      const { exitCode, output } = await runOnTerminal(world, ["diff", task], { more: { PAGER: pager }, cwd: repo });
      expect(exitCode).toBe(0);
      expect(output.includes("EPIPE")).toBe(false);
      // A pager that cannot be started hides nothing.
      if (pager.startsWith("/")) expect(output.toString().match(/^\S*\+line/gm)).toHaveLength(200_000);
    }
    const terminal = await Terminal.start(world, [BINARY, "diff", task], { width: 80, height: 10 }, { PAGER: "less" });
    await terminal.shows("diff --git");
    await terminal.press("C-c");
    // less drops what is typed while it handles Ctrl-C.
    await world.until(async () => {
      await terminal.press("q");
      return (await terminal.screen()).join("\n").includes("[exit 0]");
    });
    await terminal.close();
    rmSync(large);
  });
});

describe("completion", () => {
  const complete = async (...words: string[]) =>
    (await cli("complete", "--", ...words)).stdout.split("\n").flatMap((line) => line.split("\t")[0] || []);

  test("offers topics, ids, and the tasks that an option takes", async () => {
    expect(await complete("show", "impl")).toEqual(["implement-other-v1", `${LONG}_too-v1`, `${LONG}-v1`]);
    expect(await complete("show", "codex-implement-o")).toEqual(["codex-implement-other-v1"]);
    expect(await complete("run", "--resume", "implement-o")).toEqual(["implement-other-v1"]);
    expect(await complete("show", "implement-other-v1", "")).toEqual([]);
  });

  test("offers values of options in all forms that shells pass", async () => {
    expect(await complete("tasks", "--status", "fa")).toEqual(["failed"]);
    expect(await complete("tasks", "-s", "fa")).toEqual(["failed"]);
    expect(await complete("tasks", "--status=fa")).toEqual(["--status=failed"]);
    expect(await complete("tasks", "--status", "=")).toHaveLength(6);
    expect(await complete("merge", "implement-other-v1", "--strategy", "")).toEqual([
      "squash",
      "merge",
      "rebase",
      "ff-only",
    ]);
    expect(await complete("ls", "--st")).toEqual(["--status"]);
  });

  test("offers the files that a task changed, branches, and asks the shell for files where files belong", async () => {
    expect(await complete("diff", "implement-other-v1", "")).toEqual(["new.txt", "src/code.ts"]);
    expect(await complete("diff", "implement-other-v1", "new.txt", "s")).toEqual(["src/code.ts"]);
    await world.git(join(world.root, "library"), "branch", "release");
    expect(await complete("merge", "implement-other-v1", "--into", "rel")).toEqual(["release"]);
    expect(await complete("run", "--base", "ma")).toEqual(["main"]);
    expect(await complete("run", "--output-schema", "")).toEqual([":files"]);
    expect(await complete("tasks", "--cwd", "")).toEqual([":files"]);
    expect(await complete("run", "")).toEqual([]);
  });
});

test("clean --worktrees keeps as many of the most recently used as --keep says", async () => {
  const { stdout } = await cli("clean", "--worktrees", "--keep", "1");
  expect(stdout).not.toContain("library-agent-implement-other (");
  expect(stdout.match(/would remove/g)).toHaveLength(2);
  expect((await cli("clean", "--worktrees", "--keep", "50")).stdout).toBe("No matching worktrees.\n");
});

test("the live view merges, discards and restores the selected task, and finds tasks by a text", async () => {
  const terminal = await Terminal.start(world, [BINARY, "tasks", "--watch"], { width: 100, height: 20 });
  await terminal.shows("q quit");
  await terminal.press("/");
  await terminal.type("library");
  await terminal.shows("(1 shown)");
  await terminal.press("Enter", "v");
  await terminal.shows("+new");
  await terminal.press("Tab", "Tab");
  await terminal.shows("[Result]");
  await terminal.shows("Written.");
  await terminal.press("q", "?");
  await terminal.shows("Save and remove the task's worktree and branch");
  await terminal.press("q", "d");
  await terminal.shows("Discard the worktree and branch of codex-implement-other-v1?");
  await terminal.press("y");
  await terminal.shows("saved as refs/codexmcp/salvage");
  expect(existsSync(join(world.root, "library-agent-implement-other"))).toBe(false);
  await terminal.press("u", "y");
  await terminal.shows("restored ");
  expect(existsSync(join(world.root, "library-agent-implement-other", "new.txt"))).toBe(true);
  await world.git(join(world.root, "library-agent-implement-other"), "clean", "-fdq");
  await terminal.press("m", "y");
  await terminal.shows("merged into main");
  expect(existsSync(join(world.root, "library", "new.txt"))).toBe(true);
  await terminal.press("q");
  await terminal.shows("[exit 0]");
  await terminal.close();
});
