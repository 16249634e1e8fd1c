import { readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { parseJsonAs } from "#base/json.ts";
import { shorten } from "#base/text.ts";
import { DELIVERIES, type Delivery, MESSAGE_TIMES, type MessageRecord, type TaskMessage } from "#domain/message.ts";
import { prepareFile, repairPrivateFolder } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import type { TaskPaths } from "#store/store-paths.ts";

// A message is a file of the inbox: `<time>-<count>-<id>.json` until the supervisor has it, then `.taken`. What became of it is in
// `<name>.receipt`. Renames decide: a message is taken by the supervisor, or withdrawn by its sender, never both.

const MessageSchema = v.object({
  id: v.string(),
  text: v.string(),
  when: v.picklist(MESSAGE_TIMES),
  /** Set if its sender does not wait for a receipt: the task had not started yet. */
  is_accepted: v.optional(v.boolean()),
});

const ReceiptSchema = v.object({
  delivery: v.optional(v.picklist(DELIVERIES)),
  /** Set before Codex is given the message: from then on it may have it. */
  is_given: v.optional(v.boolean()),
  /** Set when Codex has read it. */
  is_read: v.optional(v.boolean()),
});
type Receipt = v.InferOutput<typeof ReceiptSchema>;

type InboxPaths = Pick<TaskPaths, "inbox">;

/** Message that a supervisor has taken. */
export interface TakenMessage extends TaskMessage {
  /** Whether an earlier supervisor may have given it to Codex. */
  isGiven: boolean;
  /** Delivery that its sender knows of; undefined if it has no receipt yet. */
  delivery: Delivery | undefined;
}

let count = 0;

/**
 * Leaves a message for the supervisor of a task.
 * @param isAccepted whether the message counts as sent from now on, and its sender does not wait for a receipt
 * @returns the file's name, by which it is found again
 */
export function postMessage(paths: InboxPaths, message: TaskMessage, isAccepted: boolean): string {
  // Names are in the order of sending.
  const name = `${Date.now()}-${String(++count).padStart(6, "0")}-${message.id}`;
  inStateFolder(() => {
    repairPrivateFolder(paths.inbox);
    const text = JSON.stringify({ ...message, is_accepted: isAccepted });
    prepareFile(join(paths.inbox, `${name}.json`), text).publish();
  });
  return name;
}

/**
 * Takes a message back that its supervisor has not taken.
 * @returns whether it was there
 */
export function withdrawMessage(paths: InboxPaths, name: string): boolean {
  const withdrawn = join(paths.inbox, `${name}.withdrawn`);
  if (!tryRename(join(paths.inbox, `${name}.json`), withdrawn)) return false;
  rmSync(withdrawn, { force: true });
  return true;
}

/** Returns how a message is delivered; undefined if that is not known yet. */
export function readDelivery(paths: InboxPaths, name: string): Delivery | undefined {
  return readReceipt(paths.inbox, name).delivery;
}

/** Longest text of a message in a record, in characters. */
const MAX_RECORDED_TEXT = 500;
/** Maximum number of messages in a record; the newest. */
const MAX_RECORDED = 50;

/**
 * Lists the messages that a task has accepted, oldest first.
 * @param why reason why those that Codex has not read will not be delivered; undefined if they still may
 */
export function listMessages({ inbox }: InboxPaths, why?: string): MessageRecord[] {
  const records: MessageRecord[] = [];
  for (const name of listNames(inbox, /\.(?:json|taken)$/)) {
    const message = readMessage(join(inbox, name));
    const stem = stemOf(name);
    const isAccepted = name.endsWith(".taken") || message?.is_accepted === true;
    if (message === undefined || !isAccepted) continue;
    const { delivery, is_read } = readReceipt(inbox, stem);
    const { id, text, when } = message;
    const isLost = is_read !== true && why !== undefined;
    records.push({
      id,
      text: shorten(text, MAX_RECORDED_TEXT),
      when,
      sent_at: new Date(Number.parseInt(stem, 10)).toISOString(),
      state: is_read === true ? "delivered" : isLost ? "undelivered" : "waiting",
      ...(delivery !== undefined && { delivery }),
      ...(isLost && { why }),
    });
  }
  return records.slice(-MAX_RECORDED);
}

/** Records, in place of a task's supervisor, that Codex has read messages. */
export function recordReadMessages(paths: InboxPaths, ids: readonly string[]): void {
  if (ids.length === 0) return;
  const inbox = new Inbox(paths);
  for (const id of ids) inbox.recordRead(id);
}

/** Inbox of a running task, as its supervisor reads it. */
export class Inbox {
  readonly #folder: string;
  /** Ids of the messages that were taken. */
  readonly #taken = new Set<string>();

  constructor({ inbox }: InboxPaths) {
    this.#folder = inbox;
    inStateFolder(() => repairPrivateFolder(inbox));
  }

  /** Calls a function when messages may have come. @returns a function that stops this */
  watch(onNews: () => void): () => void {
    const watch = watchFolder(this.#folder, (name) => name.endsWith(".json"), onNews);
    return () => watch.close();
  }

  /** Takes the new messages, oldest first. The first time, these include those that an earlier supervisor took and Codex has not read. */
  take(): TakenMessage[] {
    const taken: TakenMessage[] = [];
    for (const name of listNames(this.#folder, /\.(?:json|taken)$/)) {
      const stem = stemOf(name);
      const own = join(this.#folder, `${stem}.taken`);
      const isTaken = name.endsWith(".taken") || tryRename(join(this.#folder, name), own);
      const message = isTaken ? readMessage(own) : undefined;
      if (message === undefined || this.#taken.has(message.id)) continue;
      this.#taken.add(message.id);
      const { is_given, is_read, delivery } = readReceipt(this.#folder, stem);
      const { id, text, when } = message;
      if (is_read !== true) taken.push({ id, text, when, isGiven: is_given === true, delivery });
    }
    return taken;
  }

  /** Records how a message that waits will be delivered. */
  announce({ id }: TaskMessage, delivery: Delivery): void {
    this.#change(id, { delivery });
  }

  /** Records that Codex is being given a message: another supervisor must not give it again unless it knows that Codex forgot it. */
  recordGiven({ id }: TaskMessage): void {
    this.#change(id, { is_given: true });
  }

  /** Records that Codex has read a message. */
  recordRead(id: string): void {
    this.#change(id, { is_read: true });
  }

  #change(id: string, change: Receipt): void {
    const name = listNames(this.#folder, /\.taken$/).find((each) => each.endsWith(`-${id}.taken`));
    if (name === undefined) return;
    const stem = stemOf(name);
    const receipt = { ...readReceipt(this.#folder, stem), ...change };
    prepareFile(join(this.#folder, `${stem}.receipt`), JSON.stringify(receipt)).publish();
  }
}

function stemOf(name: string): string {
  return name.replace(/\.\w+$/, "");
}

function readMessage(path: string): v.InferOutput<typeof MessageSchema> | undefined {
  return parseJsonAs(MessageSchema, tryReadText(path));
}

function readReceipt(folder: string, stem: string): Receipt {
  return parseJsonAs(ReceiptSchema, tryReadText(join(folder, `${stem}.receipt`))) ?? {};
}

function listNames(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .toSorted();
  } catch {
    return []; // no message was ever sent
  }
}

function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch {
    return false; // the other side was faster
  }
}
