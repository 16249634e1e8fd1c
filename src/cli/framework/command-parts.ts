/** A command works on one task. */
export const ONE_TASK = { usage: "<task>", min: 1, max: 1, kind: "task" } as const;

/** A command works on any number of tasks. */
export const TASKS = { usage: "<task>…", min: 1, max: Number.POSITIVE_INFINITY, kind: "task" } as const;

/** The option of commands whose output programs may read. */
export const JSON_OPTION = { type: "boolean", summary: "as JSON, for programs" } as const;
