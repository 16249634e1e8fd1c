import { afterAll, beforeAll, expect, test } from "bun:test";
import { judgeCommand } from "#readonly/audit/judge-command.ts";
import { MANUAL_READS, OTHER_READS } from "../support/command-lists.ts";
import { makeScratchFolder, type ScratchFolder } from "../support/scratch-folder.ts";
import { canTrace, traceCommand } from "../support/trace.ts";

const isTracing = process.platform === "linux" && canTrace();
if (!isTracing) {
  console.warn(
    "SKIPPED: what the audit calls reading is not traced here, since strace is not installed or not allowed.",
  );
}

/** Number of commands that run at the same time. */
const WORKERS = 4;

// Commands over the network are not run.
const forms = [...Object.entries(MANUAL_READS).flatMap(([name, all]) => (name === "curl" ? [] : all)), ...OTHER_READS];
let folder: ScratchFolder;

beforeAll(async () => {
  if (isTracing) folder = await makeScratchFolder();
});
afterAll(() => folder?.remove());

test("every traced form is one that the audit calls reading", () => {
  const at = { folder: "/srv/project", temporary: "/state/tmp" };
  const others = OTHER_READS.filter((form) => judgeCommand(form, at).does !== "reads");
  expect(others).toEqual([]);
});

/** Returns the programs that a form names and that are not installed. */
function missingPrograms(form: string): string[] {
  const { programs } = judgeCommand(form, { folder: "/", temporary: "/tmp" });
  const isThere = (name: string) =>
    Bun.spawnSync(["bash", "-c", `type -t -- "$0" > /dev/null`, name], { env: folder.environment }).success;
  return [...new Set(programs.map(({ name }) => name))].filter((name) => !isThere(name));
}

test.skipIf(!isTracing)(
  "no form that the audit calls reading opens a file for writing or starts a program that no table knows",
  async () => {
    const missing = new Set<string>();
    const present = forms.filter((form) => {
      const absent = missingPrograms(form);
      for (const name of absent) missing.add(name);
      return absent.length === 0;
    });
    const wrong: { form: string; findings: string[] }[] = [];
    const queue = [...present.entries()];
    const work = async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [index, form] = next;
        const { findings } = await traceCommand(form, folder, index);
        if (findings.length > 0) wrong.push({ form, findings: findings.slice(0, 3) });
      }
    };
    await Promise.all(Array.from({ length: WORKERS }, work));
    const skipped = forms.length - present.length;
    console.info(
      `traced ${present.length} commands; skipped ${skipped}, whose programs are not installed: ${[...missing].join(" ")}`,
    );
    expect(wrong).toEqual([]);
    expect(present.length).toBeGreaterThan(150);
  },
  120_000,
);

test.skipIf(!isTracing)("the tracer finds what writes and what is not known", async () => {
  for (const [index, command] of [
    "sort -o a.out a.txt",
    "touch new",
    "chmod +x a.txt",
    "./script.sh; cp /bin/true x; ./x",
  ].entries()) {
    const { findings } = await traceCommand(command, folder, 10_000 + index);
    expect([command, findings.length > 0]).toEqual([command, true]);
  }
});
