/** Operands of a command that works on one task. */
export const ONE_TASK = { usage: "<task>", min: 1, max: 1, kind: "task" } as const;

/** Operands of a command that works on any number of tasks. */
export const TASKS = { usage: "<task>…", min: 1, max: Number.POSITIVE_INFINITY, kind: "task" } as const;

/** Option of commands whose output programs may read. */
export const JSON_OPTION = { type: "boolean", summary: "as JSON, for programs" } as const;
