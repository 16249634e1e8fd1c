import { appendFileSync, closeSync, openSync, readSync, statSync } from "node:fs";
import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import { logger } from "#base/log.ts";
import { LineReader } from "#platform/files/json-lines.ts";
import { ItemSet } from "./item-set.ts";
import type { EngineLine } from "./translate.ts";

/** Parts of a run that its log already has. */
export interface LoggedRun {
  threadId: string | undefined;
  turnId: string | undefined;
  completed: ItemSet;
  /** Names of the messages that Codex has read. */
  read: Set<string>;
  /** Ids of the questions without an answer. */
  open: Set<string>;
}

const LoggedSchema = v.looseObject({
  type: v.string(),
  thread_id: v.optional(v.string()),
  turn_id: v.optional(v.string()),
  id: v.optional(v.string()),
  question: v.optional(v.looseObject({ id: v.string() })),
  item: v.optional(
    v.looseObject({
      id: v.optional(v.string()),
      client_id: v.optional(v.string()),
    }),
  ),
});

/** Lines with which a turn ends. */
const TURN_ENDS = new Set(["turn.completed", "turn.failed", "turn.interrupted"]);

/** Writer of a run's log, which an earlier supervisor may have begun. */
export class LogWriter {
  readonly #path: string;
  /** Whether the last write failed, for example on a full disk: it may have left half a line. */
  #hasFailed = false;
  /** Turn whose end the log had when it was read. */
  #endedTurn: string | undefined;

  constructor(path: string) {
    this.#path = path;
    if (endsTorn(path)) appendFileSync(path, "\n");
  }

  write(lines: readonly EngineLine[]): void {
    if (lines.length === 0) return;
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    const isTorn = this.#hasFailed && endsTorn(this.#path);
    this.#hasFailed = true;
    appendFileSync(this.#path, isTorn ? `\n${text}` : text, { mode: 0o600 });
    this.#hasFailed = false;
  }

  /** Writes the end of a turn, unless the supervisor that began the log has written it. */
  writeEnd(turnId: string, lines: readonly EngineLine[]): void {
    if (turnId !== this.#endedTurn) this.write(lines);
  }

  /**
   * Writes that the run has failed.
   * @param hasBegun false if the app-server did nothing of the run, which another engine then does
   */
  writeFailure(error: unknown, hasBegun = true): void {
    const reason = error instanceof Error ? error.message : String(error);
    const message = `Codex's app-server could not be used, so the run begins again: ${reason}`;
    const failure = [
      { type: "error", message: reason },
      { type: "turn.failed", error: { message: reason } },
    ];
    try {
      this.write(hasBegun ? failure : [{ type: "item.completed", item: { id: "engine", type: "error", message } }]);
    } catch (fault) {
      // The disk is full. The run ends nevertheless.
      logger("app").warn`the failure could not be logged: ${reason}; ${String(fault)}`;
    }
  }

  /** Returns the parts of the run that the log has. */
  read(): LoggedRun {
    const run: LoggedRun = {
      threadId: undefined,
      turnId: undefined,
      completed: new ItemSet(),
      read: new Set(),
      open: new Set(),
    };
    for (const line of new LineReader(this.#path).read()) {
      const logged = parseJsonAs(LoggedSchema, line);
      if (logged === undefined) continue;
      const { type, thread_id, turn_id, item, id = "", question } = logged;
      // A thread without a turn may have been followed by another.
      run.threadId = thread_id ?? run.threadId;
      // A run may have several turns.
      run.turnId = turn_id ?? run.turnId;
      if (type === "turn.started") this.#endedTurn = undefined;
      if (TURN_ENDS.has(type)) this.#endedTurn = run.turnId;
      if (type === "question" && question !== undefined) run.open.add(question.id);
      if (type === "answer") run.open.delete(id);
      if (type !== "item.completed") continue;
      if (item?.id !== undefined) run.completed.add(item);
      if (item?.client_id !== undefined) run.read.add(item.client_id);
    }
    return run;
  }
}

/** Returns whether a file ends in the middle of a line, because its writer was killed. */
function endsTorn(path: string): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return false;
  const file = openSync(path, "r");
  try {
    const last = Buffer.alloc(1);
    readSync(file, last, 0, 1, size - 1);
    return last[0] !== 0x0a;
  } finally {
    closeSync(file);
  }
}
