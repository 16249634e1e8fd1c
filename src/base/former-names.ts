/**
 * Names that fields of answers had in the first release, by the names that they have now. Answers carry both for one release:
 * remove this file, and what the compiler then names, after it.
 */
const FORMER_NAMES = new Map([
  ["not_saved", "given_up"],
  ["conflicting_task", "stopped_at"],
  ["fix", "mend"],
]);

/** Returns an answer whose renamed fields also stand under their former names. */
export function withFormerNames<Fields extends object>(answer: Fields): Fields {
  const former = Object.entries(answer).flatMap(([name, value]) => {
    const before = FORMER_NAMES.get(name);
    return before === undefined ? [] : [[before, value] as const];
  });
  return { ...answer, ...Object.fromEntries(former) };
}
