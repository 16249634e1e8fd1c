import { describe, expect, test } from "bun:test";
import { AppError } from "#base/errors.ts";
import { quoteForShell } from "#base/text.ts";
import { gitFailure } from "#git/git-failure.ts";
import { toSaveError } from "#git/salvage/walk.ts";
import { explainSystemCall } from "#git/system-failure.ts";
import { findOtherCase, joinName, withOtherCase, worktreeNameOf } from "#domain/names.ts";
import { parseTopic } from "#domain/topic.ts";

describe("names of folders", () => {
  const topic = parseTopic(`implement-${"x".repeat(100)}-v1`);

  test("short ones are left as they are", () => {
    expect(joinName("project", "-agent-implement-x")).toBe("project-agent-implement-x");
  });

  test("long ones fit, in whole characters, keep the topic, and stay apart", () => {
    const names = ["a".repeat(250), `${"a".repeat(249)}b`, "é".repeat(120), "漢".repeat(80), "😀".repeat(60)];
    const worktrees = names.map((name) => worktreeNameOf(name, topic));
    for (const name of worktrees) {
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
      expect(name).not.toContain("\uFFFD");
      expect(name).toEndWith(`-agent-${topic.key}`);
    }
    expect(new Set(worktrees).size).toBe(names.length);
    expect(worktreeNameOf(names[0] ?? "", topic)).toBe(worktrees[0] ?? "");
  });

  test("names that differ in the case of letters only", () => {
    expect(findOtherCase("implement-Foo", ["implement-bar", "implement-foo"])).toBe("implement-foo");
    expect(findOtherCase("implement-foo", ["implement-foo", "implement-fo"])).toBeUndefined();
    expect(withOtherCase("Implement_x-1")).toBe("iMPLEMENT_X-1");
  });
});

describe("faults that a user can fix", () => {
  const add = "fatal: could not create leading directories of '/x/w/.git': ";
  test.each([
    [`${add}Permission denied`, "worktree_folder_unusable", "/x/w", "CODEXMCP_WORKTREES"],
    [`${add}Read-only file system`, "worktree_folder_unusable", "/x/w", "CODEXMCP_WORKTREES"],
    [`${add}File name too long`, "name_too_long", "/x/w", "shorter"],
    ["error: unable to write file a: No space left on device", "file_system_refused", "write file a", "Free space"],
    ["fatal: write error: Disk quota exceeded\n", "file_system_refused", "write error", "quota"],
    ["error: cannot open .git/FETCH_HEAD: Too many open files", "file_system_refused", "FETCH_HEAD", "ulimit -n"],
    ["fatal: cannot stat '/n/a': Stale file handle", "file_system_refused", "/n/a", "Mount"],
    ["error: read error: Input/output error", "file_system_refused", "read error", "dmesg"],
    ["fatal: cannot open 'l': Too many levels of symbolic links", "file_system_refused", "'l'", "link"],
    [
      "fatal: Unable to create '/r/.git/index.lock': File exists.\n\nAnother git",
      "repository_locked",
      "index.lock",
      "rm ",
    ],
    [
      "fatal: cannot lock ref 'refs/heads/agent/x': Unable to create '/r/.git/refs/heads/agent/x.lock': File exists.",
      "repository_locked",
      "/r/.git/refs/heads/agent/x.lock",
      "rm '/r/.git/refs/heads/agent/x.lock'",
    ],
    [
      "fatal: cannot lock ref 'refs/heads/agent/x': 'refs/heads/agent' exists; cannot create 'refs/heads/agent/x'",
      "branch_blocked",
      "agent/x",
      "git branch -m 'agent' 'agent-old'",
    ],
    ["*** Please tell me who you are.\n\nfatal: unable to auto-detect", "identity_missing", "name", "user.email"],
    ["fatal: empty ident name (for <a@b>) not allowed", "identity_missing", "name", "user.name"],
    [
      "fatal: detected dubious ownership in repository at '/workspace'\nTo add",
      "repository_untrusted",
      "/workspace",
      "safe.directory '/workspace/.git'",
    ],
    [
      "error: insufficient permission for adding an object to repository database .git/objects",
      "repository_read_only",
      "objects",
      "permissions",
    ],
    ["fatal: unknown repository extension found:\n\trefstorage", "repository_unusable", "refstorage", "Update"],
    [
      "fatal: cannot use bare repository '/r/it.git' (safe.bareRepository is 'explicit')",
      "repository_untrusted",
      "/r/it.git",
      "working trees",
    ],
  ])("%s", (stderr, code, message, hint) => {
    const failure = gitFailure("/r", ["add"], stderr);
    expect(failure.code as string).toBe(code);
    expect(failure.message).toContain(message);
    expect(failure.hint).toContain(hint);
  });

  test("others stay git's own", () => {
    for (const [stderr, said] of [
      ["fatal: bad object HEAD", "bad object HEAD."],
      ["", "no message."],
      ["git@host: Permission denied (publickey).", "git@host: Permission denied (publickey)."],
    ] as const) {
      const { code, message } = gitFailure("/r", ["add"], stderr);
      expect(code).toBe("git_failed");
      expect(message).toBe(`git add failed in /r: ${said}`);
    }
  });

  test.each([
    "ENAMETOOLONG",
    "EROFS",
    "EACCES",
    "EPERM",
    "ENOSPC",
    "EDQUOT",
    "EMFILE",
    "ENFILE",
    "ESTALE",
    "EIO",
    "ELOOP",
    "ENOTDIR",
  ])("%s of a call of our own names the path", (code) => {
    const failure = explainSystemCall("/x/w", Object.assign(new Error(code), { code }));
    expect(failure?.message).toContain("/x/w");
    expect(failure?.hint).not.toBe("");
  });

  test("a fault of ours is none of those", () => {
    expect(explainSystemCall("/x", new TypeError("x is undefined"))).toBeUndefined();
    expect(explainSystemCall("/x", "text")).toBeUndefined();
  });
});

describe("a path that cannot be saved", () => {
  const hintFor = (path: string, code: string) => {
    const error = toSaveError(path, Object.assign(new Error(code), { code }));
    if (!(error instanceof AppError)) throw new Error("not an AppError");
    expect(error.message.length).toBeLessThan(300);
    return error.hint;
  };

  test("is whole in the commands of the hint, however long it is", () => {
    const path = `/x/${"long it's/".repeat(100)}a`;
    expect(hintFor(path, "EACCES")).toContain(`sudo rm -r ${quoteForShell(path)})`);
  });

  test("is in no command if it cannot be shown exactly, or is too long for a system call", () => {
    expect(hintFor("/x/caf\uFFFD", "EACCES")).not.toContain("sudo");
    expect(hintFor(`/x/${"a/".repeat(3000)}`, "ENAMETOOLONG")).not.toContain("sudo");
  });
});
