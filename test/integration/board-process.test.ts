import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { Database } from "bun:sqlite";
import { TestBoard } from "../support/board.ts";
import { EventReader } from "../support/board-events.ts";
import { BoardLoad } from "../support/board-load.ts";
import { runCli } from "../support/command-line.ts";
import { BINARY, World } from "../support/world.ts";

let world: World;

beforeEach(() => {
  world = new World();
});
afterEach(async () => {
  await world.close();
});

const portOf = (board: TestBoard) => new URL(board.origin).port;
const statusWith = async (board: TestBoard, cookie: string) =>
  (await fetch(`${board.origin}/timeline`, { headers: { cookie } })).status;

describe("a board that is started again at its port", () => {
  test("knows the browsers of the one before, and no others", async () => {
    const first = await TestBoard.start(world);
    const port = portOf(first);
    const cookie = await first.cookie();
    expect(await first.stop()).toBe(0);
    const second = await TestBoard.start(world);
    expect(portOf(second)).toBe(port);
    expect(await statusWith(second, cookie)).toBe(200);
    expect(await statusWith(second, await second.cookie())).toBe(200);
    expect(
      await statusWith(
        second,
        cookie.replace(/.$/, (last) => (last === "a" ? "b" : "a")),
      ),
    ).toBe(401);
    await second.stop();
    const other = new World();
    const foreign = await TestBoard.start(other, ["--port", port]);
    expect(await statusWith(foreign, cookie)).toBe(401);
    await foreign.stop();
    await other.close();
  });

  test("keeps no token in a file", async () => {
    const board = await TestBoard.start(world);
    const token = new URL(board.address).searchParams.get("token") ?? "";
    const names = readdirSync(world.stateHome, { recursive: true, withFileTypes: true }).filter((each) =>
      each.isFile(),
    );
    const files = names.map((each) => readFileSync(join(each.parentPath, each.name), "latin1"));
    expect(token.length).toBeGreaterThan(30);
    expect(files.some((text) => text.includes(token))).toBe(false);
    await board.stop();
  });
});

test("two boards at once each answer their own browsers", async () => {
  const [one, other] = [await TestBoard.start(world), await TestBoard.start(world)];
  expect(portOf(one)).not.toBe(portOf(other));
  const readers = [await EventReader.open(one), await EventReader.open(other)];
  expect(await statusWith(one, await other.cookie())).toBe(401);
  for (const reader of readers) reader.close();
  expect([await one.stop(), await other.stop()]).toEqual([0, 0]);
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s ends a board with open streams, and leaves nothing",
  async (signal) => {
    const temporary = world.folder("tmp");
    const board = await TestBoard.start(world, [], { TMPDIR: temporary });
    const readers = [await EventReader.open(board), await EventReader.open(board)];
    expect(readdirSync(temporary).length).toBe(1);
    expect(await board.stop(signal)).toBe(0);
    for (const reader of readers) {
      await reader.until(() => reader.isEnded);
      expect(reader.events.at(-1)?.name).toBe("end");
    }
    expect(readdirSync(temporary)).toEqual([]);
  },
);

test("a board removes what killed ones have left, and nothing of those that run", async () => {
  const more = { TMPDIR: world.folder("tmp") };
  const folders = () => readdirSync(more.TMPDIR);
  const running = await TestBoard.start(world, [], more);
  const [kept = ""] = folders();
  const killed = await TestBoard.start(world, [], more);
  await killed.stop("SIGKILL");
  expect(folders().length).toBe(2);
  const link = join(world.stateHome, `board-${crypto.randomUUID()}.html`);
  writeFileSync(link, "a secret that is still valid");
  utimesSync(link, 1, 1);
  const next = await TestBoard.start(world, [], more);
  expect(folders().length).toBe(2);
  expect(folders()).toContain(kept);
  expect(existsSync(link)).toBe(false);
  for (const board of [running, next]) expect(await board.stop()).toBe(0);
  expect(folders()).toEqual([]);
});

describe("a board that cannot be started says why", () => {
  const start = async (args: readonly string[], more: Record<string, string> = {}) =>
    runCli(world, ["board", "--no-open", ...args], more);

  test("its port is in use", async () => {
    const board = await TestBoard.start(world);
    const { exitCode, stderr } = await start(["--port", portOf(board)]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`Another program uses port ${portOf(board)}.`);
    expect(stderr).toContain("[port_in_use]");
    await board.stop();
  });

  test("its state folder cannot be created", async () => {
    writeFileSync(join(world.root, "file"), "");
    const { exitCode, stderr } = await start([], { CODEXMCP_HOME: join(world.root, "file", "state") });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("[state_unusable]");
  });
});

test("a state folder of a newer version is shown", async () => {
  await runCli(world, ["tasks"]);
  const database = new Database(join(world.stateHome, "codexmcp.db"));
  database.run("PRAGMA user_version = 9999");
  database.close();
  const board = await TestBoard.start(world);
  const reader = await EventReader.open(board);
  expect(reader.snapshot.cards).toEqual([]);
  reader.close();
  await board.stop();
});

test("another state folder in the place of the first is noticed", async () => {
  const few = await BoardLoad.create(world, { tasks: 60, repositories: 1, worktrees: 0 });
  few.close();
  const own = await TestBoard.start(world);
  const all = await EventReader.open(own);
  const count = all.cards.size;
  renameSync(world.stateHome, `${world.stateHome}-away`);
  await all.until(() => all.cards.size === 0);
  rmSync(world.stateHome, { recursive: true });
  renameSync(`${world.stateHome}-away`, world.stateHome);
  await all.until(() => all.cards.size === count);
  all.close();
  await own.stop();
});

describe("opening the browser", () => {
  /** Starts a board that opens the browser, until it says so or `isDone`. */
  async function open(environment: Record<string, string>, isDone: (errors: string) => boolean): Promise<string> {
    const board = Bun.spawn([BINARY, "board"], {
      cwd: world.root,
      env: world.environment({ DISPLAY: ":99", ...environment }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let errors = "";
    const reading = (async () => {
      for await (const chunk of board.stderr) errors += new TextDecoder().decode(chunk);
    })();
    await world.until(() => isDone(errors));
    board.kill("SIGINT");
    expect(await board.exited).toBe(0);
    await reading;
    expect(await board.stdout.text()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=/);
    return errors;
  }

  const redirects = () => readdirSync(world.stateHome).filter((name) => /^board-.*\.html$/.test(name));

  test("leads there by a private file, which is removed", async () => {
    const seen = join(world.root, "seen");
    const opener = join(world.root, "bin", "xdg-open");
    writeFileSync(
      opener,
      `#!/bin/sh\nstat -c %a "$1" > ${seen}.new\ncat "$1" >> ${seen}.new\nmv ${seen}.new ${seen}\n`,
    );
    chmodSync(opener, 0o755);
    await open({}, () => existsSync(seen));
    expect(readFileSync(seen, "utf8")).toMatch(/^600\n<!doctype html>.*url=http:\/\/127\.0\.0\.1:\d+\/\?token=/s);
    expect(redirects()).toEqual([]);
  });

  test("prints the address where no program can", async () => {
    const bin = world.folder("only");
    for (const name of ["git", "tmux", "sh"]) symlinkSync(Bun.which(name) ?? "", join(bin, name));
    const errors = await open({ PATH: bin }, (text) => text.includes("Press Ctrl-C"));
    expect(errors).toContain("No browser could be opened here.");
    expect(redirects()).toEqual([]);
  });
});
