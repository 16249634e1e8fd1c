import { homedir } from "node:os";
import type { ExportCheck, ExportedTask } from "#board/api/export.ts";
import { findSecrets, type FoundSecret, type KnownSecret, maskSecret, redactSecrets } from "./find-secrets.ts";

/** Maximum number of different secrets that are listed. */
const MAX_LISTED = 200;

/** Lists what looks like a secret in an exported task. */
export function checkExport(data: ExportedTask, known: readonly KnownSecret[]): ExportCheck {
  const found = new Map<string, ExportCheck["found"][number]>();
  let secrets = 0;
  mapExport(data, (text, place) => {
    for (const { kind, start, end } of findSecrets(text, known)) {
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
export function redactExport(data: ExportedTask, known: readonly KnownSecret[]): ExportedTask {
  let redacted = 0;
  const cleaned = mapExport(data, (text) => {
    const found: FoundSecret[] = findSecrets(text, known);
    redacted += found.length;
    return found.length === 0 ? text : redactSecrets(text, found);
  });
  return { ...cleaned, redacted };
}

/** Returns an exported task in which `~` stands for the user's home folder. */
export function hideHome(data: ExportedTask, home: string = homedir()): ExportedTask {
  const folder = home.replace(/\/+$/, "");
  if (folder.length < 2) return data;
  // Not `/home/anna` for `/home/ann`.
  const pattern = new RegExp(`${RegExp.escape(folder)}(?![\\w-]|\\.\\w)`, "g");
  return mapExport(data, (text) => text.replaceAll(pattern, "~"));
}

type Visit = (text: string, place: string) => string;

/** Returns an exported task with all its texts replaced. */
function mapExport(data: ExportedTask, visit: Visit): ExportedTask {
  const { prompt, result, ...task } = data.task;
  return {
    ...data,
    task: {
      ...mapTexts(task, (text) => visit(text, "the task's facts")),
      prompt: visit(prompt, "the prompt"),
      ...(result !== undefined && { result: visit(result, "the result") }),
    },
    logs: data.logs.map((log) => ({
      ...log,
      entries: log.entries.map((entry) =>
        mapTexts(entry, (text) => visit(text, `run ${log.run}: ${NAMES[entry.kind] ?? entry.kind}`)),
      ),
    })),
    outputs: data.outputs.map((each) => ({ ...each, text: visit(each.text, `run ${each.run}: output of a command`) })),
    diffs: data.diffs.map(({ overview, patches }) => {
      const names = new Map(overview.files.map(({ path, offset }) => [offset, path]));
      return {
        overview: mapTexts(overview, (text) => visit(text, "the names of files")),
        patches: patches.map(({ offset, text }) => ({
          offset,
          text: visit(text, `the diff of ${names.get(offset) ?? "a file"}`),
        })),
      };
    }),
    left_out: data.left_out.map((text) => visit(text, "the task's facts")),
  };
}

/** Names of kinds of entries whose own names say too little. */
const NAMES: Readonly<Record<string, string>> = {
  command: "a command and its output",
  patch: "a patch",
  tool: "a tool",
};

/** Returns a value of JSON with all its texts replaced. */
function mapTexts<T>(value: T, visit: (text: string) => string): T {
  const map = (each: unknown): unknown => {
    if (typeof each === "string") return visit(each);
    if (Array.isArray(each)) return each.map(map);
    if (typeof each !== "object" || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, map(inner)]));
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- texts become texts, and all else stays
  return map(value) as T;
}
