import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseSync, Visitor } from "oxc-parser";
import { toCommandHint } from "#base/command-hints.ts";

const SOURCE = join(import.meta.dir, "..", "..", "src");
/** Layers whose texts only agents read, and the command line's own, which has other words already. */
const OTHERS = /^(?:mcp|cli|install)\//;
const TOOL = /codex_(?:wait|status|cancel|diff|merge|discard|dispatch|reply)/;

/** Texts of the program that name a tool, with values in place of what is filled in. */
function textsAboutTools(): string[] {
  const files = [...new Bun.Glob("**/*.ts").scanSync(SOURCE)].filter((file) => !OTHERS.test(file));
  return files.flatMap((file) => {
    const texts: string[] = [];
    new Visitor({
      Literal: ({ value }) => {
        if (typeof value === "string") texts.push(value);
      },
      TemplateLiteral: ({ quasis }) => texts.push(quasis.map(({ value }) => value.raw).join("codex-review-auth-v1")),
    }).visit(parseSync(file, readFileSync(join(SOURCE, file), "utf8")).program);
    return texts.filter((text) => TOOL.test(text));
  });
}

test("no text that a command prints names a tool", () => {
  const texts = textsAboutTools();
  expect(texts.length).toBeGreaterThan(5);
  for (const text of texts) expect(toCommandHint(text)).not.toMatch(/codex_/);
});

test.each([
  [
    'Wait for it (codex_wait with task_ids ["codex-review-a-v1"]) or cancel it (codex_cancel).',
    "Wait for it (`codex-mcp-server wait codex-review-a-v1`) or cancel it (`codex-mcp-server cancel codex-review-a-v1`).",
  ],
  [
    'Wait for it (codex_status with task_id "codex-review-a-v1") or stop it (codex_cancel).',
    "Wait for it (`codex-mcp-server wait codex-review-a-v1`) or stop it (`codex-mcp-server cancel codex-review-a-v1`).",
  ],
  ["Restore it again (codex_discard with restore: true).", "Restore it again (`codex-mcp-server restore <task>`)."],
  [
    "Call codex with resume to continue the task; log and worktree are kept.",
    "Continue the task with `codex-mcp-server resume <task> <prompt>`; log and worktree are kept.",
  ],
  [
    "Discard with skip_large_ignored if the large ones can be generated again.",
    "Discard with --skip-large-ignored if the large ones can be generated again.",
  ],
  [
    "Use sandbox workspace-write, with network: true for network access.",
    "Use --workspace-write, with --network for network access.",
  ],
  [
    "Read the log, then call codex with resume to continue the task.",
    "Read the log, then continue the task with `codex-mcp-server resume <task> <prompt>`.",
  ],
  ["Read /home/codex_wait/x and /tmp/my_file.txt.", "Read /home/codex_wait/x and /tmp/my_file.txt."],
  ["Install tmux (apt install tmux, brew install tmux).", "Install tmux (apt install tmux, brew install tmux)."],
])("%p is said for people", (hint, said) => {
  expect(toCommandHint(hint)).toBe(said);
});

test("a hint about a known task names it", () => {
  const said = toCommandHint("Restore it again (codex_discard with restore: true).", "codex-review-a-v1");
  expect(said).toBe("Restore it again (`codex-mcp-server restore codex-review-a-v1`).");
});
