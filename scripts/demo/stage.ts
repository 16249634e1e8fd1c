import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { World } from "../../test/support/world.ts";

const FILES: Record<string, string> = {
  "README.md": "# wordbook\n\nSmall functions on words.\n",
  "src/title.ts": `/** The words of a text, each with a capital. */
export function toTitle(text: string): string {
  return text.split(" ").map((word) => word[0].toUpperCase() + word.slice(1)).join(" ");
}
`,
};

/** A small project for the demo to work on. */
export async function makeProject(world: World): Promise<string> {
  const path = world.folder("wordbook");
  for (const [name, content] of Object.entries(FILES)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  await world.run(path, ["git", "init", "--quiet"]);
  await world.run(path, ["git", "add", "."]);
  await world.run(path, ["git", "commit", "--quiet", "-m", "Start"]);
  return path;
}

/** What the demo asks Codex for. A real model gets these words, too. */
export const PROMPTS = {
  review: "Review src/title.ts. Report every input that makes it throw. Do not change anything.",
  slug: "Add src/slug.ts with `toSlug(text)`: lower case, words joined by `-`. Commit it on this branch.",
  shorten: "Add src/shorten.ts with `shorten(text, length)`: cut at a word and end with `…`. Commit it on this branch.",
  document: "Write docs/functions.md: one section for each function in src/. Work file by file. Leave it uncommitted.",
  slugAgain: "In src/slug.ts, leave out what is neither letter nor digit, too. Commit that.",
};

const commit = (message: string) => ({
  run: `git add -A && git commit --quiet -m '${message}' && git log --oneline -1`,
});

const addFile = (path: string, ...lines: string[]) => ({
  patch: `*** Begin Patch\n*** Add File: ${path}\n${lines.map((line) => `+${line}`).join("\n")}\n*** End Patch`,
});

/** What the scripted model does with them: the commands and patches are real, only the thinking is not. */
export function scriptModel(world: World): void {
  world.stub.script(PROMPTS.review, [
    { think: "I read the file and look for what it takes for granted." },
    { run: "cat src/title.ts" },
    { say: "toTitle throws on an empty text and on double spaces: word[0] is undefined there (src/title.ts:3)." },
  ]);
  world.stub.script(PROMPTS.slug, [
    addFile(
      "src/slug.ts",
      "/** A text as part of an address. */",
      "export function toSlug(text: string): string {",
      '  return text.toLowerCase().split(/\\s+/).join("-");',
      "}",
    ),
    commit("Add toSlug"),
    { say: "Added toSlug and committed it." },
  ]);
  world.stub.script(PROMPTS.shorten, [
    addFile(
      "src/shorten.ts",
      "/** A text cut at a word. */",
      "export function shorten(text: string, length: number): string {",
      "  if (text.length <= length) return text;",
      '  return `${text.slice(0, text.lastIndexOf(" ", length))}…`;',
      "}",
    ),
    commit("Add shorten"),
    { say: "Added shorten and committed it." },
  ]);
  world.stub.script(PROMPTS.document, [
    { think: "One file after the other." },
    { run: "ls src" },
    { delayMs: 1200 },
    { run: "mkdir -p docs && printf '# Functions\\n\\n## toTitle\\n' > docs/functions.md" },
    { delayMs: 1200 },
    { say: "docs/functions.md has one section." },
  ]);
  world.stub.script(PROMPTS.slugAgain, [
    { run: "sed -i 's/split(.*)\\.join/split(\\/[^\\\\p{L}\\\\d]+\\/u).join/' src/slug.ts && cat src/slug.ts" },
    commit("Leave punctuation out of slugs"),
    { say: "toSlug now splits at everything that is neither letter nor digit." },
  ]);
}
