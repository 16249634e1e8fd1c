import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { saveSession } from "#codex/private-home/close.ts";
import { openPrivateHome } from "#codex/private-home/open.ts";
import { put } from "../support/files.ts";

const ID = "01a219b9-ab2b-7722-9551-a9cde4a2eded";
const OTHER = "01a219b9-b088-7211-95ce-733518000e92";
const record = (id: string) => `2026/11/26/rollout-2026-11-26T21-18-40-${id}.jsonl`;

let root: string;
let user: string;
let own: string;

beforeEach(() => {
  root = mkdtempSync("/var/tmp/codexmcp-home-");
  [user, own] = [join(root, "user"), join(root, "own")];
  put(join(user, "config.toml"), "model = 'x'\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("a run's own CODEX_HOME", () => {
  test("links to what is the user's, and has room for what Codex writes", () => {
    for (const path of [
      "skills/mine/SKILL.md",
      "skills/.system/a",
      "plugins/p",
      "sessions/2026/x",
      "state_5.sqlite",
      "state_5.sqlite-wal",
      "history.jsonl",
      "installation_id",
      "something-new",
    ]) {
      put(join(user, path), path);
    }
    openPrivateHome(user, own, undefined);
    expect(readdirSync(own).toSorted()).toEqual([
      "config.toml",
      "installation_id",
      "plugins",
      "skills",
      "something-new",
    ]);
    for (const name of ["config.toml", "plugins", "something-new", "skills/mine"]) {
      expect(readlinkSync(join(own, name))).toBe(join(user, name));
    }
    expect(readdirSync(join(own, "skills"))).toEqual(["mine"]);
    expect(lstatSync(join(own, "installation_id")).isFile()).toBe(true);
    expect(lstatSync(own).mode & 0o777).toBe(0o700);
  });
});

describe("the record of a session", () => {
  const inUser = (id: string) => join(user, "sessions", record(id));
  const inOwn = (id: string) => join(own, "sessions", record(id));

  test("of a new one is brought home, others and links are not, and doing it again changes nothing", async () => {
    const note = openPrivateHome(user, own, undefined);
    put(inOwn(ID), "new");
    put(inOwn(OTHER), "planted");
    symlinkSync("/etc", join(own, "sessions", "2027"));
    symlinkSync("/etc/passwd", join(own, "sessions", `2026/11/26/rollout-x-${ID.replace("01", "02")}.jsonl`));
    for (let round = 0; round < 2; round++) {
      expect((await saveSession(user, own, note, ID)).violations).toEqual([]);
      expect(readFileSync(inUser(ID), "utf8")).toBe("new");
      expect(lstatSync(inUser(ID)).mode & 0o777).toBe(0o600);
      expect(readdirSync(dirname(inUser(ID)))).toHaveLength(1);
    }
    // It is a file of its own: who has the other still open changes nothing in it.
    writeFileSync(inOwn(ID), "changed later");
    expect(readFileSync(inUser(ID), "utf8")).toBe("new");
  });

  test("of agents that it started comes with it, of sessions that are known already nothing", async () => {
    const meta = (id: string, source: unknown) =>
      `${JSON.stringify({ timestamp: "t", type: "session_meta", payload: { id, source } })}\n`;
    const spawned = (parent: string) => ({ subagent: { thread_spawn: { parent_thread_id: parent, depth: 1 } } });
    const [child, grandchild, known, alien] = ["1", "2", "3", "4"].map((digit) => OTHER.replace(/^0/, digit));
    const note = openPrivateHome(user, own, undefined);
    put(inOwn(ID), meta(ID, "exec"));
    put(inOwn(String(grandchild)), meta(String(grandchild), spawned(String(child))));
    put(inOwn(String(child)), meta(String(child), spawned(ID)));
    put(inOwn(String(alien)), meta(String(alien), spawned(OTHER)));
    put(inOwn(OTHER), meta(ID, spawned(ID)));
    put(inUser(String(known)), "theirs");
    put(inOwn(String(known)), meta(String(known), spawned(ID)));
    const { violations, notes } = await saveSession(user, own, note, ID);
    expect(violations).toEqual([]);
    expect(notes).toEqual([expect.stringContaining("2 records of other sessions")]);
    expect(readdirSync(dirname(inUser(ID)))).toHaveLength(4);
    expect(readFileSync(inUser(String(grandchild)), "utf8")).toContain(String(child));
    expect(readFileSync(inUser(String(known)), "utf8")).toBe("theirs");
  });

  const agentOf = (id: string, parent: string) =>
    `${JSON.stringify({ type: "session_meta", payload: { id, source: { subagent: { thread_spawn: { parent_thread_id: parent } } } } })}\n`;
  const agent = (index: number) => OTHER.replace(/^.{8}/, String(index).padStart(8, "0"));
  const MIB = 1024 * 1024;

  test("of a session or an agent that is full of holes, or too large, is left out and named", async () => {
    const note = openPrivateHome(user, own, undefined);
    put(inOwn(ID), "{}\n");
    truncateSync(inOwn(ID), 200 * MIB);
    for (const [index, size] of [200, 1000, 300_000].entries()) {
      put(inOwn(agent(index)), agentOf(agent(index), ID));
      truncateSync(inOwn(agent(index)), size * MIB);
    }
    const { violations, notes } = await saveSession(user, own, note, ID);
    expect(violations).toEqual([]);
    for (const id of [ID, agent(0), agent(1), agent(2)]) {
      expect(notes).toContainEqual(expect.stringContaining(`sessions/${record(id)} was not copied`));
      expect(existsSync(inUser(id))).toBe(false);
    }
  });

  test("of agents come back up to a size and a number in all, the event loop going on meanwhile", async () => {
    const note = openPrivateHome(user, own, undefined);
    put(inOwn(ID), "{}\n");
    const large = Buffer.alloc(25 * MIB, "x");
    for (let index = 0; index < 60; index++) {
      put(inOwn(agent(index)), agentOf(agent(index), ID));
      if (index < 4) appendFileSync(inOwn(agent(index)), large);
    }
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const { violations, notes } = await saveSession(user, own, note, ID);
    clearInterval(timer);
    expect(violations).toEqual([]);
    const back = readdirSync(dirname(inUser(ID)));
    const bytes = back.map((name) => lstatSync(join(dirname(inUser(ID)), name)).size).reduce((sum, size) => sum + size);
    // Of 50, two are too large beside two others; and the session itself.
    expect(back).toHaveLength(50 - 2 + 1);
    expect(bytes).toBeLessThan(64 * MIB);
    expect(notes.filter((text) => text.includes("was not copied"))).toHaveLength(2);
    expect(notes).toContainEqual(expect.stringContaining("first 50 agents were copied (of 60)"));
    expect(turns).toBeGreaterThan(0);
  });

  test("of a resumed one comes back with as much as it may have grown by, and not with more", async () => {
    put(inUser(ID), "begin\n");
    const note = openPrivateHome(user, own, ID);
    truncateSync(inOwn(ID), 257 * MIB);
    const { notes } = await saveSession(user, own, note, ID);
    expect(notes).toEqual([expect.stringContaining("was not copied")]);
    expect(readFileSync(inUser(ID), "utf8")).toBe("begin\n");
    expect(readdirSync(dirname(inUser(ID)))).toHaveLength(1);
  });

  test("of a resumed one grows, and what is there already is never put aside", async () => {
    put(inUser(ID), "begin\n");
    const note = openPrivateHome(user, own, ID);
    writeFileSync(inOwn(ID), "begin\nmore\n");
    expect(await saveSession(user, own, note, ID)).toEqual({ violations: [], notes: [] });
    expect(readFileSync(inUser(ID), "utf8")).toBe("begin\nmore\n");

    writeFileSync(inOwn(ID), "begin\nyet more\n");
    expect((await saveSession(user, own, note, ID)).notes).toHaveLength(1);
    expect(readFileSync(inUser(ID), "utf8")).toBe("begin\nmore\n");
  });

  const tampering: [string, () => void][] = [
    ["rewritten", () => writeFileSync(inOwn(ID), "BEGIN\nmore\n")],
    ["cut", () => writeFileSync(inOwn(ID), "be")],
    ["removed", () => rmSync(inOwn(ID))],
    ["replaced by a link", () => (rmSync(inOwn(ID)), symlinkSync("/etc/passwd", inOwn(ID)))],
    ["replaced by a folder", () => (rmSync(inOwn(ID)), mkdirSync(inOwn(ID)))],
  ];
  for (const [how, tamper] of tampering) {
    test(`whose earlier part was ${how} is kept as it was, and that is a violation`, async () => {
      put(inUser(ID), "begin\n");
      const note = openPrivateHome(user, own, ID);
      tamper();
      expect((await saveSession(user, own, note, ID)).violations).toHaveLength(1);
      expect(readFileSync(inUser(ID), "utf8")).toBe("begin\n");
      expect(readdirSync(dirname(inUser(ID)))).toHaveLength(1);
    });
  }
});
