import { join } from "node:path";
import { makeProject, useKnownModel } from "../demo/stage.ts";
import { escalation, untilAsked } from "../../test/support/asking-tasks.ts";
import type { McpClient } from "../../test/support/mcp-client.ts";
import type { Step } from "../../test/support/stub-script.ts";
import type { World } from "../../test/support/world.ts";

/** Tasks of the scene, by the part that they play in it. */
export interface Scene {
  /** Ids of the tasks whose pages are shown. */
  running: string;
  asking: string;
  failed: string;
  conflicting: string;
  audit: string;
  review: string;
  tries: string;
  /** Lets the running tasks end. */
  finish: () => void;
}

/** Prompts of the scene; the scripted model recognizes each by its first words. */
const PROMPTS = {
  audit: "Review src/title.ts: which inputs make it throw?",
  slug: "Add toSlug() in src/slug.ts, with tests, and export it.",
  titles: "Make toTitle() accept any Unicode text; keep its tests green.",
  rename: "Rename toTitle() to titleCase() everywhere.",
  docs: "Write docs/functions.md: a section for each function in src/.",
  migrate: "Migrate the build from tsc to Bun, step by step; commit each step.",
  registry: "Publish a release candidate to the package registry.",
  words: "Count words and sentences in src/count.ts.",
  later: "Update all dependencies and fix what breaks.",
  failing: "Make the parser twice as fast without changing its output.",
} as const;

/** Number of tasks that run at the same time in the scene: two run, one asks, the next is queued. */
export const MAX_RUNNING = 3;

/** Starts the tasks of the scene with the real Codex CLI and a scripted model, and waits until each is as the pictures show it. */
export async function setScene(world: World, client: McpClient): Promise<Scene> {
  const { promise, resolve: finish } = Promise.withResolvers<void>();
  useKnownModel(world);
  const cwd = await makeProject(world);
  scriptModel(world, promise);
  const start = async (prompt: string, more: object = {}): Promise<string> => {
    const { data } = await client.call("codex_dispatch", { prompt, cwd, sandbox: "full-access", ...more });
    return String(data["task_id"] ?? data["group"]);
  };
  const end = async (id: string) => void (await client.call("codex_wait", { task_ids: [id], timeout_seconds: 60 }));
  const audit = await start(PROMPTS.audit, { sandbox: "read-only", topic: "audit titles" });
  await end(audit);
  const merged = await start(PROMPTS.words, { topic: "count words" });
  await end(merged);
  await client.call("codex_merge", { task_ids: [merged] });
  const check = { check: "grep -q toSlug src/index.ts" };
  const review = await start(PROMPTS.slug, { topic: "slugs", ...check });
  await end(review);
  await end(await start(PROMPTS.titles, { topic: "unicode titles" }));
  const conflicting = await start(PROMPTS.rename, { topic: "title case" });
  await end(conflicting);
  const failed = await start(PROMPTS.failing, { topic: "fast parser", check: "false" });
  await end(failed);
  const { data } = await client.call("codex_dispatch", {
    prompt: "Shorten texts at word boundaries: src/shorten.ts.",
    cwd,
    sandbox: "full-access",
    topic: "shorten",
    tries: TRIES.length,
    variants: TRIES.map(({ prompt_suffix }) => ({ prompt_suffix })),
  });
  const tries = String(data["group"]);
  await client.call("codex_wait", { task_ids: [tries], timeout_seconds: 60, wait_for: "all" });
  const running = await start(PROMPTS.migrate, { topic: "bun build" });
  await start(PROMPTS.docs, { topic: "documentation" });
  const asking = await start(PROMPTS.registry, { topic: "release", sandbox: "workspace-write", approvals: "ask" });
  await untilAsked(world, client, asking);
  await start(PROMPTS.later, { topic: "dependencies" });
  await world.until(async () => hasMessage(client, running));
  return { running, asking, failed, conflicting, audit, review, tries, finish };
}

async function hasMessage(client: McpClient, id: string): Promise<boolean> {
  const { data } = await client.call("codex_status", { task_id: id });
  return JSON.stringify(data["recent_events"] ?? "").includes("Next");
}

function scriptModel(world: World, finished: Promise<void>): void {
  const script = (prompt: string, ...steps: Step[]) => world.stub.script(prompt, steps);
  script(
    PROMPTS.audit,
    { run: "cat src/title.ts" },
    {
      say: "**Two inputs make it throw:**\n\n1. an empty text,\n2. two spaces in a row: `word[0]` is undefined there (`src/title.ts:3`).",
    },
  );
  script(PROMPTS.words, add("src/count.ts", COUNT), { say: "`countWords()` and `countSentences()` are written." });
  script(
    PROMPTS.slug,
    { think: "**Looking at how the module exports its functions**" },
    { run: "cat src/index.ts src/title.ts" },
    add("src/slug.ts", SLUG),
    { run: `echo 'export { toSlug } from "./slug.ts";' >> src/index.ts && cat src/index.ts` },
    add("test/slug.test.ts", SLUG_TEST),
    {
      say: '`toSlug()` is written in `src/slug.ts` and exported.\n\n- accents are removed with `normalize("NFKD")`\n- runs of other characters become one `-`\n- tests cover empty texts and leading punctuation',
    },
  );
  script(PROMPTS.titles, replaceTitle("toTitle", UNICODE), { say: "`toTitle()` uses `\\p{L}` now." });
  script(PROMPTS.rename, replaceTitle("titleCase", SIMPLE), { say: "Renamed." });
  script(PROMPTS.failing, add("src/parser.ts", "export const parse = (text: string) => text.split(/\\s+/);"), {
    say: "The parser no longer copies its input.",
  });
  for (const { prompt_suffix, body, said } of TRIES) script(prompt_suffix, add("src/shorten.ts", body), { say: said });
  script(
    PROMPTS.migrate,
    {
      think:
        "**Planning the migration**\n\nThe scripts use tsc for two things: checking and emitting. Only the second goes.",
    },
    { run: "ls && cat README.md" },
    {
      run: 'mkdir -p build && echo \'await Bun.build({ entrypoints: ["src/index.ts"], outdir: "dist" });\' > build/build.ts',
    },
    { run: "git add . && git commit --quiet -m 'Build with Bun' && git log --oneline | head -3" },
    { say: "Step 1 of 3 is committed: the build script.\n\nNext: the test runner." },
    { until: () => finished },
    { say: "Done." },
  );
  script(PROMPTS.docs, { run: "grep -rn function src" }, { until: () => finished }, { say: "Done." });
  script(
    PROMPTS.registry,
    { say: "The package is ready. Publishing needs the network." },
    escalation(join(world.root, "published")),
    { say: "Published." },
  );
  script(PROMPTS.later, { say: "Done." });
}

/** Returns a step that adds a file. */
function add(path: string, content: string): Step {
  const lines = content.trimEnd().split("\n");
  return {
    patch: ["*** Begin Patch", `*** Add File: ${path}`, ...lines.map((line) => `+${line}`), "*** End Patch"].join("\n"),
  };
}

/** Returns a step that writes src/title.ts anew. */
function replaceTitle(name: string, body: string): Step {
  return {
    run: `cat > src/title.ts <<'END'\n/** Returns a text with a capital at the beginning of each word. */\nexport function ${name}(text: string): string {\n${body}\n}\nEND`,
  };
}

const UNICODE =
  "  return text.replace(/\\p{L}[\\p{L}\\p{M}]*/gu, (word) => word[0]!.toLocaleUpperCase() + word.slice(1));";
const SIMPLE =
  '  const words = text.split(" ").filter((word) => word !== "");\n  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(" ");';
const COUNT = `/** Returns the number of words of a text. */
export function countWords(text: string): number {
  return text.split(/\\s+/).filter(Boolean).length;
}
`;
const SLUG = `/** Returns a text as it can be part of an address: small letters and digits, joined by hyphens. */
export function toSlug(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
`;
const SLUG_TEST = `import { expect, test } from "bun:test";
import { toSlug } from "../src/slug.ts";

test.each([
  ["Crème brûlée!", "creme-brulee"],
  ["", ""],
  ["--a--b--", "a-b"],
])("%p becomes %p", (text, slug) => {
  expect(toSlug(text)).toBe(slug);
});
`;
/** Tries at one prompt: the addition to the prompt, and the file that each writes. */
const TRIES = [
  {
    prompt_suffix: "As short as possible.",
    body: 'export const shorten = (text: string, length: number) => text.slice(0, text.lastIndexOf(" ", length)) + "…";',
    said: "One line: it cuts at the last space.",
  },
  {
    prompt_suffix: "Handle texts without spaces.",
    body: `/** Shortens a text at a word boundary. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  const end = text.lastIndexOf(" ", length);
  return \`\${text.slice(0, end < 1 ? length : end)}…\`;
}`,
    said: "Cuts at the last space, or at the length if there is none. Short texts stay as they are.",
  },
  {
    prompt_suffix: "Handle every language.",
    body: `const segmenter = new Intl.Segmenter(undefined, { granularity: "word" });

/** Shortens a text at a word boundary of its language. */
export function shorten(text: string, length: number): string {
  let end = 0;
  for (const { index, segment } of segmenter.segment(text)) {
    if (index + segment.length <= length) end = index + segment.length;
  }
  return end < text.length ? \`\${text.slice(0, end)}…\` : text;
}`,
    said: "Uses `Intl.Segmenter`, which knows words of languages without spaces.",
  },
];
