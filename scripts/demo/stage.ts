import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Step } from "../../test/support/stub-script.ts";
import type { World } from "../../test/support/world.ts";
import type { Story } from "./story.ts";

const FILES: Record<string, string> = {
  "README.md": "# app\n\nSmall functions on texts.\n",
  "src/index.ts": 'export { toTitle } from "./title.ts";\n',
  "src/title.ts": `/** Returns a text with a capital at the beginning of each word. */
export function toTitle(text: string): string {
  return text.split(" ").map((word) => word[0].toUpperCase() + word.slice(1)).join(" ");
}
`,
};

/** Creates a small project for the demo to work on, in the home folder of its world. */
export async function makeProject(world: World): Promise<string> {
  const path = join(world.home, "app");
  for (const [name, content] of Object.entries(FILES)) {
    mkdirSync(join(path, name, ".."), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  await world.run(path, ["git", "init", "--quiet"]);
  await world.run(path, ["git", "add", "."]);
  await world.run(path, ["git", "commit", "--quiet", "-m", "Start"]);
  return path;
}

/** Titles of the acts. */
export const ACTS = {
  review: "A review: Codex reads in your repository and changes nothing",
  modules: "Two modules at once, each in a git worktree of its own",
  survival: "The client dies in the middle of a task; the task does not",
  merge: "Both modules changed the same line: the conflict shows before anything is touched",
  discard: "A worktree that is not wanted is discarded, and can be restored",
  outcome: "What there is now",
  next: "What to try next",
} as const;

/** Prompts of the demo, for the scripted and for a real model. */
export const PROMPTS = {
  review: "Review src/title.ts: which inputs make it throw?",
  slug: "Add src/slug.ts, export toSlug() in src/index.ts.",
  count: "Add src/count.ts, export countWords() in src/index.ts.",
  docs: "Write docs/functions.md: a section for each function in src/.",
  resolve: "Merge main into your branch, keep both exports.",
} as const;

/** Points at which the scripted model waits for the demo. */
export interface Cues {
  story: Story;
  /** Pause before each answer of the model in milliseconds, for those who read along. */
  pauseMs: number;
  /** Fulfilled when the model may finish both modules. */
  modules: Promise<void>;
  /** Fulfilled when the model may finish the documentation. */
  docs: Promise<void>;
}

/**
 * Tells the scripted model what to do: its commands and patches are real, only the thinking is not. Where two tasks run at once, each waits
 * for the other's line, so that the demo shows them in the same order each time.
 */
export function scriptModel(world: World, { story, pauseMs, modules, docs }: Cues): void {
  const pause = { delayMs: pauseMs };
  const script = (prompt: string, ...steps: Step[]) => world.stub.script(prompt, [pause, ...steps]);
  script(PROMPTS.review, { run: "cat src/title.ts" }, pause, {
    say: "An empty text, and two spaces in a row: word[0] is undefined there (src/title.ts:3).",
  });
  const slug = writeModule("slug", "toSlug", '(text: string) => text.toLowerCase().split(/\\s+/).join("-")');
  script(PROMPTS.slug, slug[0], { until: () => modules }, pause, slug[1], pause, {
    say: "toSlug() is written and exported.",
  });
  const count = writeModule("count", "countWords", "(text: string) => text.split(/\\s+/).filter(Boolean).length");
  script(
    PROMPTS.count,
    { until: () => story.printed("slug", 1) },
    count[0],
    { until: () => modules },
    // The other's export, answer and end.
    { until: () => story.printed("slug", 4) },
    pause,
    count[1],
    pause,
    { say: "countWords() is written and exported." },
  );
  script(
    PROMPTS.docs,
    { run: "grep -rn function src" },
    { until: () => docs },
    pause,
    { run: "mkdir -p docs && printf '# Functions\\n\\n## toTitle\\n' > docs/functions.md" },
    pause,
    { say: "docs/functions.md describes toTitle()." },
  );
  script(
    PROMPTS.resolve,
    { run: "git merge --quiet main || sed -i '/^[<=>]\\{7\\}/d' src/index.ts; git commit --quiet -am 'Merge main'" },
    pause,
    { say: "main is merged in; src/index.ts exports both." },
  );
  useKnownModel(world);
}

/** Sets a model that Codex's own catalogue lists: about others it warns. */
export function useKnownModel(world: World): void {
  const path = join(world.codexHome, "config.toml");
  const config = readFileSync(path, "utf8");
  writeFileSync(path, config.replace(/^model = .*/m, 'model = "gpt-5.5"'));
}

/** Returns the steps that add a module and export its function. */
function writeModule(file: string, name: string, body: string): [add: Step, exportIt: Step] {
  const patch = (...lines: string[]) => ({ patch: ["*** Begin Patch", ...lines, "*** End Patch"].join("\n") });
  return [
    patch(`*** Add File: src/${file}.ts`, `+export const ${name} = ${body};`),
    patch(
      "*** Update File: src/index.ts",
      "@@",
      ' export { toTitle } from "./title.ts";',
      `+export { ${name} } from "./${file}.ts";`,
    ),
  ];
}
