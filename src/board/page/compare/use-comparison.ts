import { useEffect, useReducer, useState } from "preact/hooks";
import type { Card } from "#board/api/card.ts";
import type { BoardComparison } from "#board/api/compare.ts";
import { type RequestError, toRequestError } from "#board/page/source/request-error.ts";
import { readJson } from "#board/page/source/requests.ts";
import { cards, connection } from "#board/page/state/board-state.ts";
import { compareAddress } from "#board/page/address/addresses.ts";

/** Time after a change of a task before the comparison is read again, in milliseconds: it compares whole worktrees. */
const RELOAD_DELAY_MS = 700;

/** Comparison as it was last read. */
export interface ReadComparison {
  comparison: BoardComparison | undefined;
  /** Reason why it could not be read, the last time. */
  failure: RequestError | undefined;
  reload: () => void;
}

/** Reads a comparison, and again whenever one of its tasks changes. */
export function useComparison(tasks: readonly string[], groups: readonly string[]): ReadComparison {
  const [state, setState] = useState<Omit<ReadComparison, "reload">>({ comparison: undefined, failure: undefined });
  const [count, reload] = useReducer((before: number) => before + 1, 0);
  const query = new URL(compareAddress({ task: tasks, group: groups }), location.href).search;
  const names = new Set([...tasks, ...groups]);
  const shownState = [...cards.value.values()].filter((card) => isNamed(card, names)).map(describeState);
  const isConnecting = connection.value === "connecting";
  const isFirst = state.comparison === undefined;
  useEffect(() => {
    if (isConnecting) return;
    const abort = new AbortController();
    const read = () => {
      readJson<BoardComparison>(`/api/compare${query}`, abort.signal).then(
        (comparison) => setState({ comparison, failure: undefined }),
        (error: unknown) => {
          if (abort.signal.aborted) return;
          setState((before) => ({ ...before, failure: toRequestError(error) }));
        },
      );
    };
    const timer = setTimeout(read, isFirst ? 0 : RELOAD_DELAY_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [query, shownState.join("\n"), count, isConnecting]);
  return { ...state, reload: () => reload(undefined) };
}

function isNamed({ id, topic, group }: Card, names: ReadonlySet<string>): boolean {
  return names.has(id) || names.has(topic) || (group !== undefined && names.has(group));
}

function describeState({ id, run, status, work, check, changes }: Card): string {
  return JSON.stringify([id, run, status, work, check, changes]);
}
