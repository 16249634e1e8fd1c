import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bringHome } from "#codex/private-home/close.ts";
import { isRenewalOf, readLoginToRenew } from "#codex/private-home/login.ts";
import { openPrivateHome } from "#codex/private-home/open.ts";

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

  test("that the user has changed meanwhile stays as the user has it", async () => {
    const old = login({ last_refresh: null });
    put(join(user, "auth.json"), old);
    const note = openPrivateHome(user, own, undefined);
    writeFileSync(join(own, "auth.json"), login({}, { refresh_token: "renewed" }));
    const theirs = login({}, { refresh_token: "by another program" });
    writeFileSync(join(user, "auth.json"), theirs);
    const { violations, notes } = await bringHome(user, own, note, undefined);
    expect([violations.length, notes.length]).toEqual([0, 1]);
    expect(readFileSync(join(user, "auth.json"), "utf8")).toBe(theirs);
    expect(existsSync(join(user, `auth.json.${process.pid}.tmp`))).toBe(false);
  });
});
