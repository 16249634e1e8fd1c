/**
 * Longest text of the changes of one item in the log, in characters; changes beyond it are named only. Readers of the end of a log read 64 KB,
 * in which a line should fit.
 */
const MAX_DIFFS = 32 * 1024;

/** Change of a file as the log has it. */
interface LoggedChange {
  path: string;
  kind: string;
  diff?: string;
}

/** Returns the changes of an item as the log has them, with their texts as far as these are not too long. */
export function toLoggedChanges(
  changes: readonly { path: string; kind: { type: string }; diff: string }[],
): LoggedChange[] {
  let left = MAX_DIFFS;
  return changes.map(({ path, kind, diff }) => {
    const isKept = diff !== "" && diff.length <= left;
    if (isKept) left -= diff.length;
    return { path, kind: kind.type, ...(isKept && { diff }) };
  });
}

/** Returns the changes of an item without their texts, which may be long. @param changes as a log has them */
export function withoutDiffs(changes: unknown): unknown {
  if (!Array.isArray(changes)) return changes;
  return changes.map((change: unknown) =>
    typeof change === "object" && change !== null ? { ...change, diff: undefined } : change,
  );
}
