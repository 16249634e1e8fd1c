import { readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Delivery, TaskMessage } from "#domain/message.ts";
import { prepareFile, repairPrivateFolder } from "#platform/files/files.ts";
import { tryReadText } from "#platform/files/read-file.ts";
import { watchFolder } from "#platform/files/watch-folder.ts";
import { inStateFolder } from "#store/storage-fault.ts";
import type { TaskPaths } from "#store/store-paths.ts";

const MessageSchema = v.object({
  id: v.string(),
  text: v.string(),
  when: v.picklist(["now", "after", "instead"]),
});

const ReceiptSchema = v.object({ delivery: v.picklist(["steered", "queued", "replaced"]) });

// A message is a file of the inbox: `<time>-<id>.json` until the supervisor has it, `.taken` until it is delivered, and then `.receipt`,
// which says how. Renames decide: a message is delivered by the supervisor, or taken back by its sender, never both.

/** Leaves a message for the supervisor of a task. @returns the file's name, by which it is found again */
export function postMessage(paths: TaskPaths, message: TaskMessage): string {
  const name = `${Date.now()}-${message.id}`;
  inStateFolder(() => {
    repairPrivateFolder(paths.inbox);
    prepareFile(join(paths.inbox, `${name}.json`), JSON.stringify(message)).publish();
  });
  return name;
}

/**
 * Takes a message back that its supervisor has not taken.
 * @returns whether it was there
 */
export function withdrawMessage(paths: TaskPaths, name: string): boolean {
  const withdrawn = join(paths.inbox, `${name}.withdrawn`);
  if (!tryRename(join(paths.inbox, `${name}.json`), withdrawn)) return false;
  rmSync(withdrawn, { force: true });
  return true;
}

/** Returns how a message was delivered; undefined if it was not yet. */
export function readReceipt(paths: TaskPaths, name: string): Delivery | undefined {
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), ReceiptSchema),
    tryReadText(join(paths.inbox, `${name}.receipt`)),
  );
  return parsed.success ? parsed.output.delivery : undefined;
}

/** Inbox of a running task, as its supervisor reads it. */
export class Inbox {
  readonly #folder: string;

  constructor({ inbox }: TaskPaths) {
    this.#folder = inbox;
    inStateFolder(() => repairPrivateFolder(inbox));
  }

  /** Calls a function when messages may have come. @returns a function that stops this */
  watch(onNews: () => void): () => void {
    const watch = watchFolder(this.#folder, (name) => name.endsWith(".json"), onNews);
    return () => watch.close();
  }

  /**
   * Takes the new messages, oldest first.
   * @param isAdopted whether those that an earlier supervisor took and did not deliver are new, too
   */
  take(isAdopted = false): TaskMessage[] {
    const taken: TaskMessage[] = [];
    for (const name of listNames(this.#folder).toSorted()) {
      const isOld = isAdopted && name.endsWith(".taken");
      if (!isOld && !name.endsWith(".json")) continue;
      const path = join(this.#folder, name);
      const own = join(this.#folder, name.replace(/\.\w+$/, ".taken"));
      if (!isOld && !tryRename(path, own)) continue;
      const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), MessageSchema), tryReadText(own));
      if (parsed.success) taken.push(parsed.output);
    }
    return taken;
  }

  /** Records that a message was delivered. */
  settle({ id }: TaskMessage, delivery: Delivery): void {
    const name = listNames(this.#folder).find((each) => each.endsWith(`-${id}.taken`));
    if (name === undefined) return;
    const stem = join(this.#folder, name.slice(0, -".taken".length));
    prepareFile(`${stem}.receipt`, JSON.stringify({ delivery })).publish();
    rmSync(`${stem}.taken`, { force: true });
  }

  /** Records how a message will be delivered, while it is still to be delivered. */
  announce({ id }: TaskMessage, delivery: Delivery): void {
    const name = listNames(this.#folder).find((each) => each.endsWith(`-${id}.taken`));
    if (name === undefined) return;
    prepareFile(join(this.#folder, name.replace(/\.taken$/, ".receipt")), JSON.stringify({ delivery })).publish();
  }
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
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
