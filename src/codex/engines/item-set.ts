import { withoutDiffs } from "./logged-changes.ts";

/** Item of a log. */
type Item = Readonly<Record<string, unknown>> & { id?: string | undefined };

/**
 * Set of items of a log. The id does not suffice to recognise one: models name their calls, and what a second call of the same name did must
 * be in the log, too.
 */
export class ItemSet {
  readonly #keys: Set<string>;

  constructor(before?: ItemSet) {
    this.#keys = new Set(before === undefined ? [] : before.#keys);
  }

  has(item: Item): boolean {
    return this.#keys.has(keyOf(item));
  }

  /** Adds an item. @returns whether it is new; always, if it has no id, because several may have none */
  add(item: Item): boolean {
    const isNew = !item.id || !this.has(item);
    this.#keys.add(keyOf(item));
    return isNew;
  }
}

function keyOf(item: Item): string {
  const { id, type, command, changes, server, tool, arguments: given, query } = item;
  const words = type === "agent_message" ? item["text"] : undefined;
  return JSON.stringify([id, type, command, withoutDiffs(changes), server, tool, given, query, words]);
}
