import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { saveLogin } from "#codex/private-home/close.ts";
import { type LoginDoubt, namesLogin, readLoginToRenew } from "#codex/private-home/login.ts";
import type { HomeFindings, PrivateHomeNote } from "#codex/private-home/note.ts";
import { openPrivateHome } from "#codex/private-home/open.ts";
import { isRenewalOf } from "#codex/private-home/renewal.ts";
import { readUserFiles, restoreUserFiles } from "#codex/private-home/user-files.ts";
import { DAY_MS, login, token } from "../support/login.ts";
import { put } from "../support/files.ts";

let root: string;
let user: string;
let own: string;

const auth = (home: string) => readFileSync(join(home, "auth.json"), "utf8");

beforeEach(() => {
  root = mkdtempSync("/var/tmp/codexmcp-home-");
  [user, own] = [join(root, "user"), join(root, "own")];
  put(join(user, "config.toml"), "model = 'x'\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function bring(note: PrivateHomeNote, doubt?: LoginDoubt): Promise<HomeFindings> {
  const findings: HomeFindings = { violations: [], notes: [] };
  await saveLogin(user, own, note, findings, () => doubt);
  return findings;
}

describe("a login that Codex is about to renew has a private copy", () => {
  const due: [string, string, boolean][] = [
    ["fresh", login(1), false],
    ["seven days old", login(7), true],
    ["without a time", login(1, { last_refresh: null }), true],
    ["with a time that is none", login(1, { last_refresh: "yesterday" }), true],
    ["about to expire", login(1, {}, { access_token: token(DAY_MS / 2) }), true],
    ["with a token that says nothing", login(1, {}, { access_token: "opaque" }), false],
    ["without a refresh token", login(1, { last_refresh: null }, { refresh_token: "" }), false],
    ["a key", '{"OPENAI_API_KEY":"sk"}', false],
    ["no JSON", "{", false],
  ];
  for (const [what, text, isDue] of due) {
    test(`${what}: ${isDue ? "is copied" : "cannot be written to"}`, () => {
      put(join(user, "auth.json"), text);
      expect(readLoginToRenew(user) !== undefined).toBe(isDue);
      openPrivateHome(user, own, undefined);
      expect(lstatSync(join(own, "auth.json")).isSymbolicLink()).toBe(!isDue);
      expect(auth(own)).toBe(text);
    });
  }
});

describe("a renewal", () => {
  const later = 20 * DAY_MS;
  const withTokens = (make: (name: string) => string) =>
    login(0, {}, { id_token: make("id"), access_token: make("access") });
  const one = (claims: object, account: object = {}) =>
    ["id_token", "access_token"].map((name) => login(0, {}, { [name]: token(later, claims, account) }));
  const before = login(7);
  const { id_token } = (JSON.parse(before) as { tokens: { id_token: string } }).tokens;

  const renewals: [string, string[], boolean][] = [
    ["new tokens", [login(0), withTokens(() => token(later))], true],
    ["the same id token", [login(0, {}, { id_token })], true],
    ["another plan", one({}, { chatgpt_plan_type: "pro" }), true],
    ["another person", one({ sub: "other" }), false],
    ["nobody", one({ sub: undefined }), false],
    ["another issuer", one({ iss: "https://other.example" }), false],
    ["another use", one({ aud: ["app", "other"] }), false],
    ["another account in a token", one({}, { chatgpt_account_id: "other" }), false],
    ["no account in a token", one({}, { chatgpt_account_id: undefined }), false],
    ["another user", one({}, { chatgpt_user_id: "other" }), false],
    ["a user's name that was not there", one({}, { user_id: "other" }), false],
    ["tokens that end earlier", [withTokens(() => token(DAY_MS))], false],
    ["tokens without an end", one({ exp: undefined }), false],
    ["the same access token", [login(0, {}, { access_token: id_token, id_token })], false],
    ["opaque tokens", [login(0, {}, { access_token: "n" }), login(0, {}, { id_token: "n" })], false],
    ["another account", [login(0, {}, { account_id: "b" })], false],
    ["no account", [login(0, {}, { account_id: undefined })], false],
    ["another key", [login(0, { OPENAI_API_KEY: "sk" })], false],
    ["a further field", [login(0, { more: 1 })], false],
    ["a further token", [login(0, {}, { more: "x" })], false],
    ["a token that is no text", [login(0, {}, { access_token: { a: 1 } })], false],
    ["no refresh token", [login(0, {}, { refresh_token: "" })], false],
    ["a time that is none", [login(0, { last_refresh: "soon" }), login(0, { last_refresh: undefined })], false],
    ["a time before the run", [login(0.1, {}, { access_token: token(later), id_token })], false],
    ["a time to come", [login(-1)], false],
    ["no JSON", ["{"], false],
    ["nested without end", ["[".repeat(100_000)], false],
  ];
  for (const [what, texts, isOne] of renewals) {
    test(`with ${what}: ${isOne ? "is one" : "is none"}`, () => {
      for (const after of texts) expect(isRenewalOf(before, after, Date.now() - DAY_MS / 24)).toBe(isOne);
    });
  }
});

describe("a login that was renewed in a run", () => {
  test("is kept, and that is told", async () => {
    put(join(user, "auth.json"), login(7));
    const note = openPrivateHome(user, own, undefined);
    const renewed = login(0);
    writeFileSync(join(own, "auth.json"), renewed);
    expect(await bring(note)).toEqual({ violations: [], notes: [expect.stringContaining("was renewed")] });
    expect(auth(user)).toBe(renewed);
  });

  test("is not kept where the run has a violation, or its commands name it", async () => {
    for (const [doubt, violations] of [
      ["violation", 0],
      ["named", 1],
    ] as const) {
      rmSync(own, { recursive: true, force: true });
      const old = login(7);
      put(join(user, "auth.json"), old);
      const note = openPrivateHome(user, own, undefined);
      writeFileSync(join(own, "auth.json"), login(0));
      const found = await bring(note, doubt);
      expect([found.violations.length, found.notes.length]).toEqual([violations, 1 - violations]);
      expect(auth(user)).toBe(old);
    }
  });

  test("that the user has changed meanwhile stays as the user has it", async () => {
    put(join(user, "auth.json"), login(7));
    const note = openPrivateHome(user, own, undefined);
    writeFileSync(join(own, "auth.json"), login(0));
    const theirs = login(0, {}, { refresh_token: "by another program" });
    writeFileSync(join(user, "auth.json"), theirs);
    const { violations, notes } = await bring(note);
    expect([violations.length, notes.length]).toEqual([0, 1]);
    expect(auth(user)).toBe(theirs);
    expect(existsSync(join(user, `auth.json.${process.pid}.tmp`))).toBe(false);
  });

  test("in its place, without the kernel's protection: stays, or is put aside where something speaks against it", () => {
    const [old, since] = [login(7), Date.now()];
    for (const doubt of [undefined, "violation", "named"] as const) {
      put(join(user, "auth.json"), old);
      const files = readUserFiles(user);
      const renewed = login(0);
      writeFileSync(join(user, "auth.json"), renewed);
      const findings: HomeFindings = { violations: [], notes: [] };
      restoreUserFiles(user, files, join(root, "aside"), findings, { since, doubt: () => doubt });
      expect(findings.violations).toHaveLength(doubt === undefined ? 0 : 1);
      expect(auth(doubt === undefined ? user : join(root, "aside"))).toBe(renewed);
      if (doubt !== undefined) expect(auth(user)).toBe(old);
    }
  });
});

test("commands and patches that name the login's file are known by it, others are not", () => {
  const names = (command: string) => namesLogin("/state/own", [{ command }], []);
  for (const command of [
    "cat ~/.codex/auth.json",
    'cat au"th".json',
    "cp x $CODEX_HOME/a*",
    "cat auth.j*",
    "cp x auth*",
    "cp x /state/own/a*",
  ]) {
    expect({ command, isNamed: names(command) }).toEqual({ command, isNamed: true });
  }
  for (const command of ["cat src/auth.ts", "grep -r authenticate .", "sh review.sh"]) {
    expect({ command, isNamed: names(command) }).toEqual({ command, isNamed: false });
  }
  expect(namesLogin("/state/own", [], [{ path: "/x/auth.json" }])).toBe(true);
  expect(namesLogin("/state/own", [], [{ path: "/x/auth.ts" }])).toBe(false);
});
