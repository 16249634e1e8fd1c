import { Turns } from "#base/concurrency.ts";
import { toFailure } from "#base/errors.ts";
import { formatBytes } from "#base/format-values.ts";
import { formatPlural } from "#base/text.ts";
import type { DiffOverview, DiffSince } from "#board/api/changes.ts";
import type { LogEntry, LogWindow, WindowQuery } from "#board/api/conversation.ts";
import type { ExportedDiff, ExportedLog, ExportedOutput, ExportedTask } from "#board/api/export.ts";
import type { TaskPageData } from "#board/api/task.ts";

/** Functions that read the data of a task, as its page gets them. */
export interface ExportReaders {
  readTask: (name: string) => Promise<TaskPageData>;
  readLog: (id: string, query: WindowQuery) => Promise<LogWindow>;
  readOutput: (id: string, run: number, at: number) => Promise<string>;
  readDiff: (id: string, since: DiffSince) => Promise<DiffOverview>;
  readPatch: (key: string, offset: number, length: number) => Promise<string>;
  /** Joins entries that report the same item. */
  joinEntries: (entries: readonly LogEntry[]) => LogEntry[];
}

/** Parts of a task that are exported. */
export interface ExportParts {
  hasDiff: boolean;
  /** Whether outputs that are longer than {@link MAX_SHORT_OUTPUT} are included in full. */
  hasOutput: boolean;
}

/** Size of all conversations, of all outputs, and of all patches, in characters or bytes. */
const MAX_CONVERSATION = 20_000_000;
const MAX_OUTPUTS = 20_000_000;
const MAX_PATCHES = 20_000_000;
/** Largest output that is always included, and largest one that is included at all, in bytes. */
const MAX_SHORT_OUTPUT = 64 * 1024;
const MAX_LONG_OUTPUT = 5_000_000;
/** Largest patch of a file, in bytes. */
const MAX_FILE_PATCH = 4_000_000;

/**
 * Collects all that the page of a task shows.
 * @throws AppError `unknown_task`; other parts that cannot be read are named in `left_out`
 */
export async function collectExport(
  readers: ExportReaders,
  name: string,
  parts: ExportParts,
  program: string,
): Promise<ExportedTask> {
  const task = await readers.readTask(name);
  const { id } = task.card;
  const left_out: string[] = [];
  const logs = await collectLogs(readers, task, left_out);
  const outputs = await collectOutputs(readers, id, logs, parts, left_out);
  const diffs = parts.hasDiff && task.card.work !== "none" ? await collectDiffs(readers, id, left_out) : [];
  if (!parts.hasDiff) left_out.push("The diff was not exported.");
  const exported_at = new Date().toISOString();
  return { program, exported_at, task: { ...task, actions: [] }, logs, outputs, diffs, left_out, redacted: 0 };
}

/** Collects the conversations from their ends to their beginnings, the current run first. */
async function collectLogs(readers: ExportReaders, task: TaskPageData, leftOut: string[]): Promise<ExportedLog[]> {
  const logs: ExportedLog[] = [];
  let budget = MAX_CONVERSATION;
  for (const { run, has_log } of task.runs.toReversed()) {
    if (!has_log) continue;
    if (budget <= 0) {
      leftOut.push(`The conversation of run ${run} is left out.`);
      continue;
    }
    try {
      const { log, length } = await collectLog(readers, task.card.id, run, budget);
      budget -= length;
      if (log.start > 0) {
        leftOut.push(`The first ${formatBytes(log.start)} of the log of run ${run} are left out.`);
      }
      logs.unshift(log);
    } catch (error) {
      leftOut.push(`The conversation of run ${run} cannot be read: ${toFailure(error).message}`);
    }
  }
  return logs;
}

async function collectLog(
  { readLog, joinEntries }: ExportReaders,
  id: string,
  run: number,
  budget: number,
): Promise<{ log: ExportedLog; length: number }> {
  const parts: LogEntry[][] = [];
  const turns = new Turns();
  let window = await readLog(id, { run });
  const { size } = window;
  let length = 0;
  let isMoving = true;
  while (isMoving) {
    await turns.pause();
    parts.unshift(window.entries);
    length += JSON.stringify(window.entries).length;
    const { start } = window;
    isMoving = start > 0 && length < budget;
    if (isMoving) window = await readLog(id, { run, before: start });
    isMoving &&= window.start < start;
  }
  return { log: { run, entries: joinEntries(parts.flat()), start: window.start, size }, length };
}

/** Collects the outputs and texts of which the entries have only the beginning. */
async function collectOutputs(
  { readOutput }: ExportReaders,
  id: string,
  logs: readonly ExportedLog[],
  { hasOutput }: ExportParts,
  leftOut: string[],
): Promise<ExportedOutput[]> {
  const outputs: ExportedOutput[] = [];
  const turns = new Turns();
  let [budget, omitted] = [MAX_OUTPUTS, 0];
  for (const { run, entries } of logs) {
    for (const entry of entries) {
      const bytes = bytesOfRest(entry);
      if (bytes === undefined) continue;
      if (bytes > (hasOutput ? MAX_LONG_OUTPUT : MAX_SHORT_OUTPUT) || bytes > budget) {
        omitted += 1;
        continue;
      }
      try {
        await turns.pause();
        const text = await readOutput(id, run, entry.at);
        budget -= text.length;
        outputs.push({ run, at: entry.at, text });
      } catch {
        omitted += 1;
      }
    }
  }
  if (omitted > 0) {
    const advice = hasOutput ? "" : " The option --with-output includes more.";
    leftOut.push(`The rest of ${formatPlural(omitted, "long output")} is left out.${advice}`);
  }
  return outputs;
}

/** Returns the size of an entry's text or output in bytes if the entry has only the beginning; a text's size is not known. */
function bytesOfRest({ command, is_cut }: LogEntry): number | undefined {
  if (command !== undefined && command.output_bytes > Buffer.byteLength(command.output)) return command.output_bytes;
  return is_cut === true ? 0 : undefined;
}

async function collectDiffs(readers: ExportReaders, id: string, leftOut: string[]): Promise<ExportedDiff[]> {
  const diffs: ExportedDiff[] = [];
  let budget = MAX_PATCHES;
  try {
    for (const since of ["base", "run"] as const) {
      if (since === "run" && diffs[0]?.overview.has_last_run !== true) break;
      const diff = await collectDiff(readers, await readers.readDiff(id, since), budget);
      budget -= diff.length;
      diffs.push(diff);
      const omitted = diff.overview.files.filter(({ length }) => length > 0).length - diff.patches.length;
      if (omitted > 0) leftOut.push(`The diffs of ${formatPlural(omitted, "large file")} are left out.`);
    }
  } catch (error) {
    leftOut.push(`The diff cannot be read: ${toFailure(error).message}`);
  }
  return diffs;
}

async function collectDiff(
  { readPatch }: ExportReaders,
  overview: DiffOverview,
  budget: number,
): Promise<ExportedDiff & { length: number }> {
  const patches: ExportedDiff["patches"] = [];
  let length = 0;
  for (const file of overview.files) {
    if (file.length === 0 || file.length > MAX_FILE_PATCH || length + file.length > budget) continue;
    patches.push({ offset: file.offset, text: await readPatch(overview.key, file.offset, file.length) });
    length += file.length;
  }
  return { overview, patches, length };
}
