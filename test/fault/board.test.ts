import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { Page } from "playwright-core";
import { KEY_HEADER, KEY_STORAGE } from "#board/api/failure.ts";
import { TestBoard } from "../support/board.ts";
import { HAS_BROWSER, TestBrowser } from "../support/browser.ts";
import { runCli } from "../support/command-line.ts";
import { isCodexCommand } from "../support/engines.ts";
import type { McpClient } from "../support/mcp-client.ts";
import { killAll } from "../support/processes.ts";
import { World } from "../support/world.ts";

// The long run: BOARD_ROUNDS=50 npm test -- test/fault/board.test.ts
const ROUNDS = Number(process.env["BOARD_ROUNDS"] ?? 2);

/** Number of tasks, and of things that happen, in a round. */
const TASKS = 3;
const STEPS = 8;

const ACTIONS: readonly [name: string, body: object][] = [
  ["merge", { strategy: "squash" }],
  ["merge", { strategy: "rebase" }],
  ["discard", {}],
  ["restore", {}],
  ["cancel", {}],
  ["send", { message: "CONTINUE", when: "now" }],
];
const VICTIMS = ["board", "frozen board", "server", "supervisor", "codex"] as const;

/** Codes that mean a fault of this program, and none of what was asked. */
const FAULTS = new Set(["internal", "invalid_argument", "state_unusable", "no_action_key", "no_session"]);

describe.skipIf(!HAS_BROWSER)("random deaths and actions", () => {
  let world: World;
  let browser: TestBrowser;
  let board: TestBoard;
  let client: McpClient;
  let page: Page;
  let repo: string;
  const answers: string[] = [];

  const start = async (args: readonly string[] = []) =>
    TestBoard.start(world, args, { TMPDIR: world.folder("temporary") });

  beforeAll(async () => {
    world = new World();
    world.stub.script("CONTINUE", [{ run: "date +%N > more.txt" }, { say: "Continued." }]);
    for (let task = 0; task < TASKS; task++) {
      const steps = [{ run: `date +%N > file-${task}.txt` }, { delayMs: 600 }, { say: "Done." }];
      world.stub.script(`RANDOM-${task}`, steps);
    }
    repo = await world.repository();
    browser = await TestBrowser.launch();
    client = await world.client();
    board = await start();
    // So high that each column shows all its cards.
    page = await browser.open(board, "/", { viewport: { width: 1600, height: 20_000 } });
  });
  afterAll(async () => {
    await browser.close();
    await board.stop("SIGKILL");
    await world.close();
  });

  test(`${ROUNDS} rounds (BOARD_ROUNDS): the page shows what the command line and git say, and nothing is left`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      await play(round);
      await world.until(async () => (await listTasks()).every(({ status }) => isOver(status)));
      await untilPageAgrees();
      await world.until(() => leftOver().length === 0).catch(() => expect(leftOver()).toEqual([]));
    }
    expect(answers.filter((code) => FAULTS.has(code))).toEqual([]);
    expect(answers).toContain("200");
    await page.context().close();
    expect(await board.stop()).toBe(0);
    expect(readdirSync(world.folder("temporary")).filter((name) => name.startsWith("codexmcp-board-"))).toEqual([]);
    expect(readdirSync(world.stateHome).filter((name) => name.endsWith(".tmp") || name.endsWith(".html"))).toEqual([]);
    await world.git(repo, "fsck", "--strict");
    expect(await world.git(repo, "status", "--porcelain")).toBe("");
  }, 600_000);

  async function play(round: number): Promise<void> {
    const ids: string[] = [];
    for (let task = 0; task < TASKS; task++) {
      const topic = `implement-random_${round}_${task}-v1`;
      const request = { prompt: `RANDOM-${task}`, cwd: repo, topic, sandbox: "full-access" };
      const { data } = await client.call("codex_dispatch", request);
      ids.push(String(data["task_id"]));
    }
    for (let step = 0; step < STEPS; step++) {
      const acting = [actRandomly(pick(ids)), actRandomly(pick(ids))];
      if (Math.random() < 0.5) await strike(pick(VICTIMS), pick(ids));
      await Promise.all(acting);
      await Bun.sleep(Math.random() * 200);
    }
  }

  /** Sends an action from the page, without regard to what the page would offer. */
  async function actRandomly(id: string): Promise<void> {
    const [name, body] = pick(ACTIONS);
    const key = (await page.evaluate((item) => localStorage.getItem(item), KEY_STORAGE)) ?? "";
    const headers = { "content-type": "application/json", [KEY_HEADER]: key };
    const request = {
      path: `/api/tasks/${id}/${name}`,
      options: { method: "POST", headers, body: JSON.stringify(body) },
    };
    const answer = await page.evaluate(async ({ path, options }) => {
      try {
        const response = await fetch(path, options);
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the board's own answer
        const { code = String(response.status) } = (await response.json()) as { code?: string };
        return code;
      } catch {
        return "no answer";
      }
    }, request);
    answers.push(answer);
  }

  async function strike(victim: (typeof VICTIMS)[number], id: string): Promise<void> {
    if (victim === "board") {
      await board.stop("SIGKILL");
      board = await start(["--port", new URL(board.origin).port]);
    } else if (victim === "frozen board") {
      process.kill(board.pid, "SIGSTOP");
      await Bun.sleep(200);
      process.kill(board.pid, "SIGCONT");
    } else if (victim === "server") {
      process.kill(client.pid, "SIGKILL");
      client = await world.client();
    } else {
      const isHit = (command: string) =>
        victim === "codex" ? isCodexCommand(command) : command.includes(`run-task ${id}`);
      killAll(world.processes().filter(({ command }) => isHit(command)));
    }
  }

  interface ListedTask {
    task_id: string;
    status: string;
  }

  async function listTasks(): Promise<ListedTask[]> {
    const { stdout } = await runCli(world, ["tasks", "--json", "--limit", "200"]);
    return (JSON.parse(stdout) as { tasks: ListedTask[] }).tasks;
  }

  async function untilPageAgrees(): Promise<void> {
    let [shown, wanted]: string[][] = [[], []];
    const agrees = async () => {
      [shown, wanted] = [await readPlaces(), (await listTasks()).map(describePlace).toSorted()];
      return Bun.deepEquals(shown, wanted);
    };
    await world.until(agrees).catch((error: unknown) => {
      expect(shown).toEqual(wanted);
      throw error;
    });
    await world.until(async () => (await page.getByText(/Not connected|Paused/).count()) === 0);
    const branches = (await world.git(repo, "branch", "--format=%(refname:short)")).split("\n");
    // What became of the work is read after the tasks themselves.
    await world.until(async () => {
      const open = (await readColumn("review")).map((id) => id.replace(/^codex-(.*)-v\d+$/, "agent/$1"));
      return open.every((branch) => branches.includes(branch));
    });
  }

  /** Tasks with the places in which the page shows them. */
  async function readPlaces(): Promise<string[]> {
    const failed = await readColumn("failed");
    const done = [...(await readColumn("review")), ...(await readColumn("merged"))];
    return [...failed.map((id) => `${id} failed`), ...done.map((id) => `${id} done`)].toSorted();
  }

  async function readColumn(name: string): Promise<string[]> {
    const cards = `document.querySelectorAll('[data-column="${name}"] [data-card]')`;
    return page.evaluate<string[]>(`[...${cards}].map((card) => card.dataset.card)`);
  }

  /** Processes that are no longer needed: all but this world's server and its board. */
  function leftOver(): string[] {
    const commands = world.processes().map(({ command }) => command);
    return commands.filter((command) => command.includes("run-task") || isCodexCommand(command));
  }
});

const isOver = (status: string) => !["queued", "running", "waiting"].includes(status);

const describePlace = ({ task_id, status }: { task_id: string; status: string }) =>
  `${task_id} ${status === "completed" ? "done" : "failed"}`;

function pick<T>(from: readonly T[]): T {
  const found = from[Math.floor(Math.random() * from.length)];
  if (found === undefined) throw new Error("there is nothing to choose from");
  return found;
}
