import { lstatSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import { readLastLines } from "#platform/files/json-lines.ts";
import { isSandboxMessage } from "./run-state.ts";

const TAIL_BYTES = 256 * 1024;

/**
 * Returns the last lines of Codex's own record of a session; empty if there is no such record.
 * @param codexHomes searched in this order: a run under the read-only fallback has its own CODEX_HOME while it lasts
 */
export function readSessionTail(codexHomes: readonly string[], sessionId: string): string[] {
  try {
    const path = codexHomes.map((home) => findSessionFile(home, sessionId)).find((found) => found !== undefined);
    return path === undefined ? [] : readLastLines(path, TAIL_BYTES).lines;
  } catch {
    return []; // not Codex's folder as we know it
  }
}

/** Cache of paths found earlier: a live view asks every second, and there may be thousands of sessions. */
const found = new Map<string, string>();

/**
 * Returns the path of Codex's record of a session (`$CODEX_HOME/sessions/<year>/<month>/<day>/rollout-…-<id>.jsonl`, seen in 0.169);
 * undefined if there is none.
 */
export function findSessionFile(codexHome: string, sessionId: string): string | undefined {
  if (!isSessionId(sessionId)) return undefined;
  const key = `${codexHome} ${sessionId}`;
  const known = found.get(key);
  if (known !== undefined && isRegularFile(known)) return known;
  const pattern = `sessions/*/*/*/rollout-*-${sessionId}.jsonl`;
  try {
    for (const path of new Bun.Glob(pattern).scanSync({ cwd: codexHome, absolute: true })) {
      if (!isRegularFile(path)) continue;
      found.set(key, path);
      return path;
    }
  } catch {
    return undefined; // no such folder
  }
  return undefined;
}

/** Returns whether Codex has a session's record in another form: archived or compressed. */
export function hasPackedSession(codexHome: string, sessionId: string): boolean {
  if (!isSessionId(sessionId)) return false;
  const name = `rollout-*-${sessionId}.jsonl`;
  const patterns = [`sessions/*/*/*/${name}.zst`, `archived_sessions/**/${name}`, `archived_sessions/**/${name}.zst`];
  return patterns.some((pattern) => hasMatch(codexHome, pattern));
}

function hasMatch(folder: string, pattern: string): boolean {
  try {
    return new Bun.Glob(pattern).scanSync({ cwd: folder }).next().done !== true;
  } catch {
    return false; // no such folder
  }
}

/** Returns the path of the file whose lock (flock) Codex holds while it writes to a session. */
export function sessionLock(codexHome: string, sessionId: string): string {
  return join(codexHome, "thread-writer-locks", `${sessionId}.lock`);
}

/** Returns whether a text can be a session id and thus a part of a file name: no pattern, no path. */
function isSessionId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,100}$/.test(text);
}

function isRegularFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

const OutputSchema = v.object({
  timestamp: v.string(),
  payload: v.object({ type: v.literal("function_call_output"), output: v.string() }),
});

/**
 * Returns whether commands of a run failed for lack of the sandbox without an event in the log, as happens if no temporary file can be
 * created. The session's record lists them.
 * @param since start of the run: a session may span several runs
 */
export function hasUnseenSandboxFailure(codexHome: string, sessionId: string, since: string): boolean {
  return readSessionTail([codexHome], sessionId).some((line) => {
    if (!line.includes('"function_call_output"')) return false;
    const event = parseJsonAs(OutputSchema, line);
    if (event === undefined || Date.parse(event.timestamp) < Date.parse(since)) return false;
    const { output } = event.payload;
    return isSandboxMessage(output.slice(output.indexOf("Output:\n") + "Output:\n".length));
  });
}

const TurnContextSchema = v.object({ type: v.literal("turn_context"), payload: v.object({ model: v.string() }) });

/** Returns the model of a session's last turn, from the end of Codex's own record of it; undefined if it does not name one there. */
export function readSessionModel(codexHome: string, sessionId: string): string | undefined {
  for (const line of readSessionTail([codexHome], sessionId).toReversed()) {
    if (!line.includes('"turn_context"')) continue;
    const turn = parseJsonAs(TurnContextSchema, line);
    if (turn !== undefined) return turn.payload.model;
  }
  return undefined;
}
