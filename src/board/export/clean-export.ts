import { homedir } from "node:os";
import { mapLimited, Turns } from "#base/concurrency.ts";
import type { ExportCheck, ExportedTask } from "#board/api/export.ts";
import { findSecrets, type FoundSecret, type KnownSecret, maskSecret, redactSecrets } from "./find-secrets.ts";

/** Maximum number of different secrets that are listed. */
const MAX_LISTED = 200;

/** Lists what looks like a secret in an exported task. */
export async function checkExport(data: ExportedTask, known: readonly KnownSecret[]): Promise<ExportCheck> {
  const found = new Map<string, ExportCheck["found"][number]>();
  let secrets = 0;
  await mapExport(data, async (text, place, turns) => {
    for (const { kind, start, end } of await findSecrets(text, known, turns)) {
      secrets += 1;
      const masked = maskSecret(text.slice(start, end));
      const key = JSON.stringify([kind, place, masked]);
      const entry = found.get(key);
      if (entry !== undefined) entry.count += 1;
      else if (found.size < MAX_LISTED) found.set(key, { kind, place, masked, count: 1 });
    }
    return text;
  });
  return { secrets, found: [...found.values()].toSorted((a, b) => b.count - a.count) };
}

/** Returns an exported task without what looks like a secret. */
export async function redactExport(data: ExportedTask, known: readonly KnownSecret[]): Promise<ExportedTask> {
  let redacted = 0;
  const cleaned = await mapExport(data, async (text, _place, turns) => {
    const found: FoundSecret[] = await findSecrets(text, known, turns);
    redacted += found.length;
    return found.length === 0 ? text : redactSecrets(text, found);
  });
  return { ...cleaned, redacted };
}

/** Returns an exported task in which `~` stands for the user's home folder. */
export async function hideHome(data: ExportedTask, home: string = homedir()): Promise<ExportedTask> {
  const folder = home.replace(/\/+$/, "");
  if (folder.length < 2) return data;
  // Not `/home/anna` for `/home/ann`.
  const pattern = new RegExp(`${RegExp.escape(folder)}(?![\\w-]|\\.\\w)`, "g");
  return mapExport(data, (text) => text.replaceAll(pattern, "~"));
}

type Visit = (text: string, place: string, turns: Turns) => string | Promise<string>;

/** Returns an exported task with all its texts replaced. Other work runs meanwhile: a task may have 60 MB of them. */
async function mapExport(data: ExportedTask, visit: Visit): Promise<ExportedTask> {
  const turns = new Turns();
  const map = async <T>(value: T, place: string): Promise<T> =>
    mapTexts(value, turns, (text) => visit(text, place, turns));
  const { prompt, result, ...task } = data.task;
  const cleaned = {
    ...(await map(task, "the task's facts")),
    prompt: await map(prompt, "the prompt"),
    ...(result !== undefined && { result: await map(result, "the result") }),
  };
  const logs = await mapItems(data.logs, async (log) => ({
    ...log,
    entries: await mapItems(log.entries, async (entry) =>
      map(entry, `run ${log.run}: ${NAMES[entry.kind] ?? entry.kind}`),
    ),
  }));
  const outputs = await mapItems(data.outputs, async (each) => ({
    ...each,
    text: await map(each.text, `run ${each.run}: output of a command`),
  }));
  const diffs = await mapItems(data.diffs, async ({ overview, patches }) => {
    const names = new Map(overview.files.map(({ path, offset }) => [offset, path]));
    return {
      overview: await map(overview, "the names of files"),
      patches: await mapItems(patches, async ({ offset, text }) => ({
        offset,
        text: await map(text, `the diff of ${names.get(offset) ?? "a file"}`),
      })),
    };
  });
  return { ...data, task: cleaned, logs, outputs, diffs, left_out: await map(data.left_out, "the task's facts") };
}

/** Returns the results of a function for each item, one after the other. */
async function mapItems<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  return mapLimited(items, 1, work);
}

/** Names of kinds of entries whose own names say too little. */
const NAMES: Readonly<Record<string, string>> = {
  command: "a command and its output",
  patch: "a patch",
  tool: "a tool",
};

/** Returns a value of JSON with all its texts replaced. */
async function mapTexts<T>(value: T, turns: Turns, visit: (text: string) => string | Promise<string>): Promise<T> {
  const map = async (each: unknown): Promise<unknown> => {
    if (typeof each === "string") {
      await turns.pause();
      return visit(each);
    }
    if (typeof each !== "object" || each === null) return each;
    if (Array.isArray(each)) return mapItems(each, map);
    return Object.fromEntries(
      await mapItems(Object.entries(each), async ([key, inner]): Promise<[string, unknown]> => [key, await map(inner)]),
    );
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- texts become texts, and all else stays
  return (await map(value)) as T;
}
