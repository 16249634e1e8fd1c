import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { findSecrets, listKnownSecrets, maskSecret, REDACTED, redactSecrets } from "#board/export/find-secrets.ts";
import { runs } from "../support/property.ts";

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
const KEY = "-----BEGIN RSA PRIVATE KEY-----\n+MIIEpAIBAAKCAQEA1234567890abc\n-MIIEpAIBAAKCAQEA\n";

/** Secrets by the text that they stand in. */
const SECRETS: readonly (readonly [before: string, secret: string, after: string])[] = [
  ["export OPENAI=", "sk-proj-abcdefghijklmnop_1234", "\n"],
  ["", `ghp_${"a1".repeat(18)}`, ""],
  ["git clone https://", `github_pat_${"Ab1_".repeat(10)}`, "@github.com"],
  ["+", `glpat-${"x".repeat(20)}`, " "],
  ["key: ", "AKIAIOSFODNN7EXAMPLE", ","],
  ['"', "xoxb-123456789012-abcdefABCDEF", '"'],
  ["", `AIza${"B".repeat(35)}`, ""],
  ["//registry.npmjs.org/:_authToken=", `npm_${"q".repeat(36)}`, "\n"],
  ["token ", JWT, "."],
  ["", KEY, "-----END RSA PRIVATE KEY-----"],
  ["Authorization: Basic ", "dXNlcjpwYXNzd29yZA==", "\r\n"],
  ['{"x-api-key": "', "0123456789abcdef", '"}'],
  ["curl -H 'authorization: bearer ", "abcdefghijklmnopqrst", "'"],
  ["DB_PASSWORD='", "correct-horse", "'"],
  ["postgres://admin:", "hunter22", "@db.example/x"],
];

describe("secrets of common forms", () => {
  test.each(SECRETS)("%j: %j", async (before, secret, after) => {
    const text = `${before}${secret}${after}`;
    const found = await findSecrets(text);
    expect(found.map(({ start, end }) => text.slice(start, end))).toEqual([secret]);
    const redacted = redactSecrets(text, found);
    if (!secret.includes("\n")) expect(redacted).toBe(`${before}${REDACTED}${after}`);
    expect(redacted.split("\n").length).toBe(text.split("\n").length);
  });

  test("a key in a patch: its lines stay lines of the patch", async () => {
    const text = ` before\n+${KEY}+-----END RSA PRIVATE KEY-----\n after`;
    const redacted = redactSecrets(text, await findSecrets(text));
    expect(redacted).toBe(` before\n+${REDACTED}\n+${REDACTED}\n-${REDACTED}\n+-----END RSA PRIVATE KEY-----\n after`);
  });

  test.each([
    "const token = readToken();",
    "risk-assessment-of-a-long-name-here",
    "Authorization: Bearer $TOKEN",
    "API_KEY=${SECRET_FROM_VAULT}",
    "http://localhost:8080/a@b",
    "git@github.com:owner/name.git",
    "The password is in the vault.",
    "a commit 3ece49b03d30aeef681e15a1f1f0a33f963aa11c",
  ])("none in %j", async (text) => {
    expect(await findSecrets(text)).toEqual([]);
  });
});

test("values of variables whose names say that they are secrets", async () => {
  const known = listKnownSecrets({
    MY_TOKEN: "a very odd value",
    DEPLOY_KEY: "0123456789",
    SSH_AUTH_SOCK: "/run/ssh/agent",
    KEY_PATH: "not looked for",
    SHORT_TOKEN: "true",
    SECRET_FILE: "/etc/secret",
    NONE_TOKEN: undefined,
  });
  expect(known.map(({ name }) => name)).toEqual(["MY_TOKEN", "DEPLOY_KEY"]);
  const text = "a very odd value, a very odd value";
  expect(redactSecrets(text, await findSecrets(text, known))).toBe(`${REDACTED}, ${REDACTED}`);
  expect((await findSecrets(text, known))[0]?.kind).toBe("value of MY_TOKEN");
});

describe("any text", () => {
  const secret = fc.constantFrom(...SECRETS.map((parts) => parts.join("")));
  const text = fc
    .array(
      fc.oneof(fc.string({ unit: "binary" }), secret, fc.constantFrom("\n", " ", "-", "eyJ", "://", "-----BEGIN ")),
    )
    .map((parts) => parts.join(""));
  const known = fc.array(fc.record({ name: fc.constant("X"), value: fc.string({ minLength: 8 }) }), { maxLength: 3 });

  test("secrets are in order, none within another, and none of them is left in the redacted text", async () => {
    await fc.assert(
      fc.asyncProperty(text, known, async (all, values) => {
        const found = await findSecrets(all, values);
        let at = 0;
        for (const { start, end } of found) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(start);
          at = end;
        }
        const redacted = redactSecrets(all, found);
        expect(redacted.split("\n").length).toBe(all.split("\n").length);
        // A text that joins across a redaction was not there before.
        const parts = redacted.split(REDACTED);
        for (const { value } of values) expect(parts.some((part) => part.includes(value))).toBe(false);
      }),
      runs(1),
    );
  });

  test("a mask shows at most a fifth of a secret", () => {
    fc.assert(
      fc.property(fc.string(), (each) => {
        const shown = maskSecret(each).split("…")[0] ?? "";
        expect(shown.length * 5).toBeLessThanOrEqual(Math.max(each.length, 0));
      }),
      runs(1),
    );
  });
});

describe("the time grows with the text, not faster", () => {
  const UNITS = [
    "eyJ",
    "eyJaaaaaaaaa.",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN ",
    "A_",
    "TOKEN",
    "TOKEN=",
    "authorization:",
    "bearer ",
    "://a:",
    "://",
    "sk-",
    "a",
    " ",
    "-",
    ":",
    "@",
    "xoxb-1",
    "SECRET=a",
    "ghp_",
  ] as const;

  test.each(UNITS)("a megabyte of %j", async (unit) => {
    const timeOf = async (length: number) => {
      const text = unit.repeat(Math.ceil(length / unit.length));
      let best = Infinity;
      for (let attempt = 0; attempt < 3; attempt++) {
        const start = performance.now();
        await findSecrets(text);
        best = Math.min(best, performance.now() - start);
      }
      return best;
    };
    await timeOf(10_000);
    // Eight times the text: quadratic time would be 64 times as long.
    expect(await timeOf(800_000)).toBeLessThan(Math.max(await timeOf(100_000), 2) * 24);
  });
});
