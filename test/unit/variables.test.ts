import { describe, expect, test } from "bun:test";
import { type Environment, readConfig } from "#base/config.ts";
import { describeVariables } from "#base/variables.ts";

const BASE = { HOME: "/home/test" };
const read = (more: Environment) => ({ ...readConfig({ ...BASE, ...more }), environment: {} });
const codesOf = (text: string) => [...text.matchAll(/`([^`]*)`/g)].map(([, code = ""]) => code);
/** Variables with one default and those with a fixed set of values, by their descriptions. */
const described = Object.entries(describeVariables());
const withDefault = described.filter(([, { fallback }]) => /^`[^`~]*`(?: [a-z(]|$)/.test(fallback));
const choices = described.filter(([, { values }]) => /^`[^`]*`(?:, `[^`]*`)*$/.test(values));

describe.each(described)("%s", (name) => {
  test("counts as unset if it is empty", () => {
    expect(read({ [name]: "" })).toEqual(read({}));
  });
});

describe.each(withDefault.filter(([name]) => name !== "CODEXMCP_RESULT_LIMIT"))("the default of %s", (name, about) => {
  test("is the documented one", () => {
    expect(read({ [name]: codesOf(about.fallback)[0] })).toEqual(read({}));
  });
});

describe.each(choices)("%s", (name, { values }) => {
  test("accepts the documented values and no other", () => {
    for (const value of codesOf(values)) expect(() => read({ [name]: value })).not.toThrow();
    expect(() => read({ [name]: "other" })).toThrow(`${name} must be`);
  });
});

test("the descriptions are classified as they should be", () => {
  expect(choices.length).toBe(8);
  expect(withDefault.length).toBe(17);
});

test.each([
  [{ CODEXMCP_KEEP_TASKS: "many" }, 'CODEXMCP_KEEP_TASKS must be a whole number from 0 (it is "many").'],
  [{ CODEXMCP_RESULT_LIMIT: "-1" }, 'CODEXMCP_RESULT_LIMIT must be a whole number from 0 (it is "-1").'],
  [{ CODEXMCP_HOME: "here" }, 'CODEXMCP_HOME must be an absolute path (it is "here").'],
  [{ CODEXMCP_WORKTREES: "{where}" }, "CODEXMCP_WORKTREES may contain {repo} and {branch}, but no other braces"],
  [{ CODEXMCP_LOG_LEVEL: "loud" }, "CODEXMCP_LOG_LEVEL must be trace, debug, info, warning, error, fatal or empty"],
])("%j is refused", (environment, message) => {
  expect(() => read(environment)).toThrow(message);
});
