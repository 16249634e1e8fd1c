import { act, readJson, readText } from "./requests.ts";
import type { TaskActions, PageSource } from "./page-source.ts";
import { followTask, info } from "#board/page/state/board-state.ts";

/** Actions of the board's own server. */
export const BOARD_ACTIONS: TaskActions = {
  send: async (id, body) => act(`${taskPath(id)}/send`, body),
  answer: async (id, body) => act(`${taskPath(id)}/answer`, body),
  cancel: async (id) => act(`${taskPath(id)}/cancel`),
  previewMerge: async (id, body) => act(`${taskPath(id)}/merge-preview`, body),
  merge: async (id, body) => act(`${taskPath(id)}/merge`, body),
  discard: async (id, body) => act(`${taskPath(id)}/discard`, body),
  restore: async (id) => act(`${taskPath(id)}/restore`),
  openInEditor: async (id, path) => act(`${taskPath(id)}/open`, path === undefined ? {} : { path }),
};

/** Returns the source of tasks that is the board's own server. */
export function boardSource(): PageSource {
  return {
    kind: "board",
    get actions() {
      return info.value?.is_read_only === false ? BOARD_ACTIONS : undefined;
    },
    readTask: async (id) => readJson(taskPath(id)),
    readLog: async (id, query) => readJson(withQuery(`${taskPath(id)}/log`, { ...query })),
    readOutput: async (id, run, at) => readText(withQuery(`${taskPath(id)}/output`, { run, at })),
    search: async (id, query, run) => readJson(withQuery(`${taskPath(id)}/search`, { q: query, run })),
    readDiff: async (id, since) => readJson(withQuery(`${taskPath(id)}/diff`, { since })),
    readPatch: async (id, query) => readText(withQuery(`${taskPath(id)}/patch`, { ...query })),
    follow: followTask,
  };
}

/** Returns the address of a task's data. */
export function taskPath(id: string): string {
  return `/api/tasks/${encodeURIComponent(id)}`;
}

/** Returns an address with parameters; those that are undefined are left out. */
export function withQuery(path: string, values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? path : `${path}?${query}`;
}
