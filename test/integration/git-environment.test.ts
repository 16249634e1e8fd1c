import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { tryGit } from "#git/git.ts";
import { Scratch } from "../support/scratch.ts";

let scratch: Scratch;
let repo: string;
const before = { ...process.env };

beforeAll(async () => {
  scratch = new Scratch();
  repo = await scratch.repository("repo");
});
afterAll(() => {
  restore();
  return scratch.close();
});

function restore(): void {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
  Object.assign(process.env, before);
}

/** Runs a git of ours while this process has more variables. */
async function during<T>(variables: Record<string, string>, work: () => Promise<T>): Promise<T> {
  Object.assign(process.env, variables);
  try {
    return await work();
  } finally {
    restore();
  }
}

const OTHERS = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_COMMON_DIR",
  "GIT_INDEX_FILE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_NAMESPACE",
  "GIT_PREFIX",
  "GIT_GRAFT_FILE",
  "GIT_SHALLOW_FILE",
  "GIT_REPLACE_REF_BASE",
  "GIT_CONFIG",
  "GIT_ATTR_SOURCE",
  "GIT_EXTERNAL_DIFF",
  "GIT_DIFF_OPTS",
  "GIT_PAGER",
  "GIT_EDITOR",
  "GIT_SEQUENCE_EDITOR",
  "GIT_LITERAL_PATHSPECS",
  "GIT_GLOB_PATHSPECS",
  "GIT_ICASE_PATHSPECS",
  "GIT_REFLOG_ACTION",
  "GIT_DEFAULT_HASH",
  "LANGUAGE",
  "LC_MESSAGES",
  "CODEXMCP_WEBHOOK",
  "CODEXMCP_WEBHOOK_SECRET",
];

test("variables that tie git to another repository, change how it reads and prints, or are secret, do not reach it", async () => {
  const variables = Object.fromEntries(OTHERS.map((name) => [name, "/nowhere"]));
  const trace = join(scratch.root, "trace");
  const { exitCode, stdout, stderr } = await during(
    { ...variables, GIT_TRACE: "1", GIT_TRACE_PERFORMANCE: trace },
    () => tryGit(repo, ["-c", "alias.variables=!env", "variables"]),
  );
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).not.toContain("/nowhere");
  // What goes to a file disturbs nobody.
  expect(existsSync(trace)).toBe(true);
});

test("variables that the user's own git has reach it: identity, ceilings, ssh, LFS, configuration", async () => {
  const variables = {
    GIT_AUTHOR_NAME: "A",
    GIT_AUTHOR_DATE: "1234567890 +0100",
    GIT_COMMITTER_EMAIL: "c@example.invalid",
    GIT_CEILING_DIRECTORIES: "/ceiling",
    GIT_SSH_COMMAND: "ssh -F none",
    GIT_LFS_SKIP_SMUDGE: "1",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "user.signingKey",
    GIT_CONFIG_VALUE_0: "mine",
    HTTPS_PROXY: "http://proxy.invalid",
  };
  const { stdout } = await during(variables, () => tryGit(repo, ["-c", "alias.variables=!env", "variables"]));
  const lines = stdout.split("\n");
  for (const [name, value] of Object.entries(variables)) expect(lines).toContain(`${name}=${value}`);
  const { stdout: key } = await during(variables, () => tryGit(repo, ["config", "user.signingKey"]));
  expect(key.trim()).toBe("mine");
});
