import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { bringHome } from "#codex/private-home/close.ts";
import { isRenewalOf, readLoginToRenew } from "#codex/private-home/login.ts";
import { openPrivateHome } from "#codex/private-home/open.ts";

const ID = "01a219b9-ab2b-7722-9551-a9cde4a2eded";
const OTHER = "01a219b9-b088-7211-95ce-733518000e92";
const record = (id: string) => `2026/11/26/rollout-2026-11-26T21-18-40-${id}.jsonl`;

let root: string;
let user: string;
let own: string;

const put = (path: string, text: string) => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

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

  test("of a new one is brought home, others and links are not, and doing it again changes nothing", () => {
    const note = openPrivateHome(user, own, undefined);
    put(inOwn(ID), "new");
    put(inOwn(OTHER), "planted");
    symlinkSync("/etc", join(own, "sessions", "2027"));
    symlinkSync("/etc/passwd", join(own, "sessions", `2026/11/26/rollout-x-${ID.replace("01", "02")}.jsonl`));
    for (let round = 0; round < 2; round++) {
      expect(bringHome(user, own, note, ID).violations).toEqual([]);
      expect(readFileSync(inUser(ID), "utf8")).toBe("new");
      expect(lstatSync(inUser(ID)).mode & 0o777).toBe(0o600);
      expect(readdirSync(dirname(inUser(ID)))).toHaveLength(1);
    }
    // It is a file of its own: who has the other still open changes nothing in it.
    writeFileSync(inOwn(ID), "changed later");
    expect(readFileSync(inUser(ID), "utf8")).toBe("new");
  });

  test("of agents that it started comes with it, of sessions that are known already nothing", () => {
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
    const { violations, notes } = bringHome(user, own, note, ID);
    expect(violations).toEqual([]);
    expect(notes).toEqual([expect.stringContaining("2 records of other sessions")]);
    expect(readdirSync(dirname(inUser(ID)))).toHaveLength(4);
    expect(readFileSync(inUser(String(grandchild)), "utf8")).toContain(String(child));
    expect(readFileSync(inUser(String(known)), "utf8")).toBe("theirs");
  });

  test("of a resumed one grows, and what is there already is never put aside", () => {
    put(inUser(ID), "begin\n");
    const note = openPrivateHome(user, own, ID);
    writeFileSync(inOwn(ID), "begin\nmore\n");
    expect(bringHome(user, own, note, ID)).toEqual({ violations: [], notes: [] });
    expect(readFileSync(inUser(ID), "utf8")).toBe("begin\nmore\n");

    writeFileSync(inOwn(ID), "begin\nyet more\n");
    expect(bringHome(user, own, note, ID).notes).toHaveLength(1);
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
    test(`whose earlier part was ${how} is kept as it was, and that is a violation`, () => {
      put(inUser(ID), "begin\n");
      const note = openPrivateHome(user, own, ID);
      tamper();
      expect(bringHome(user, own, note, ID).violations).toHaveLength(1);
      expect(readFileSync(inUser(ID), "utf8")).toBe("begin\n");
      expect(readdirSync(dirname(inUser(ID)))).toHaveLength(1);
    });
  }
});

describe("a login", () => {
  const DAY_MS = 24 * 3600 * 1000;
  const token = (expiresInMs: number) =>
    `h.${Buffer.from(JSON.stringify({ exp: (Date.now() + expiresInMs) / 1000 })).toString("base64url")}.s`;
  const login = (more: object = {}, tokens: object = {}) =>
    JSON.stringify({
      OPENAI_API_KEY: null,
      tokens: { id_token: "i", access_token: token(10 * DAY_MS), refresh_token: "r", account_id: "a", ...tokens },
      last_refresh: new Date(Date.now() - DAY_MS).toISOString(),
      ...more,
    });

  const due: [string, string, boolean][] = [
    ["fresh", login(), false],
    ["seven days old", login({ last_refresh: new Date(Date.now() - 7 * DAY_MS).toISOString() }), true],
    ["without a time", login({ last_refresh: null }), true],
    ["with a time that is none", login({ last_refresh: "yesterday" }), true],
    ["about to expire", login({}, { access_token: token(DAY_MS / 2) }), true],
    ["with a token that says nothing", login({}, { access_token: "opaque" }), false],
    ["without a refresh token", login({ last_refresh: null }, { refresh_token: "" }), false],
    ["a key", '{"OPENAI_API_KEY":"sk"}', false],
    ["no JSON", "{", false],
  ];
  for (const [what, text, isDue] of due) {
    test(`${what}: ${isDue ? "is copied, to be renewed" : "cannot be written to"}`, () => {
      put(join(user, "auth.json"), text);
      expect(readLoginToRenew(user) !== undefined).toBe(isDue);
      openPrivateHome(user, own, undefined);
      expect(lstatSync(join(own, "auth.json")).isSymbolicLink()).toBe(!isDue);
      expect(readFileSync(join(own, "auth.json"), "utf8")).toBe(text);
    });
  }

  const renewals: [string, string, boolean][] = [
    ["new tokens", login({ last_refresh: "2026-11-26T00:00:00Z" }, { access_token: "n", refresh_token: "n" }), true],
    ["another account", login({}, { account_id: "b" }), false],
    ["no account", login({}, { account_id: undefined }), false],
    ["another key", login({ OPENAI_API_KEY: "sk" }), false],
    ["a further field", login({ more: 1 }), false],
    ["a further token", login({}, { more: "x" }), false],
    ["a token that is no text", login({}, { access_token: { a: 1 } }), false],
    ["no refresh token", login({}, { refresh_token: "" }), false],
    ["a time that is none", login({ last_refresh: "soon" }), false],
    ["no JSON", "{", false],
    ["nested without end", "[".repeat(100_000), false],
  ];
  for (const [what, after, isOne] of renewals) {
    test(`${what}: ${isOne ? "a renewal" : "no renewal"}`, () => expect(isRenewalOf(login(), after)).toBe(isOne));
  }

  test("that the user has changed meanwhile stays as the user has it", () => {
    const old = login({ last_refresh: null });
    put(join(user, "auth.json"), old);
    const note = openPrivateHome(user, own, undefined);
    writeFileSync(join(own, "auth.json"), login({}, { refresh_token: "renewed" }));
    const theirs = login({}, { refresh_token: "by another program" });
    writeFileSync(join(user, "auth.json"), theirs);
    const { violations, notes } = bringHome(user, own, note, undefined);
    expect([violations.length, notes.length]).toEqual([0, 1]);
    expect(readFileSync(join(user, "auth.json"), "utf8")).toBe(theirs);
    expect(existsSync(join(user, `auth.json.${process.pid}.tmp`))).toBe(false);
  });
});
