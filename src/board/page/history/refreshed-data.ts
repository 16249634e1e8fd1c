import { useComputed, useSignalEffect } from "@preact/signals";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type RequestError, toRequestError } from "#board/page/source/request-error.ts";
import { readJson } from "#board/page/source/requests.ts";
import { cards, isLive } from "#board/page/state/board-state.ts";

/** Data of a page that is read again when tasks change. */
export interface RefreshedData<T> {
  /** Last data that was read; undefined before the first. */
  data: T | undefined;
  /** Reason why the last attempt failed. */
  error: RequestError | undefined;
  isLoading: boolean;
}

/** Facts about cards whose change makes new data necessary: what a task is doing is not among them. */
function describeStates(): string {
  return [...cards.value.values()]
    .map(({ id, run, status, questions }) => `${id} ${run} ${status} ${questions}`)
    .join("\n");
}

/**
 * Reads data from the server, and again when tasks change their states, not more often than once in an interval, and only while the page is
 * visible and connected.
 * @param path address of the data; another one replaces the data
 */
export function useRefreshedData<T>(path: string, intervalMs: number): RefreshedData<T> {
  const [state, setState] = useState<RefreshedData<T>>({ data: undefined, error: undefined, isLoading: true });
  const request = useRef<AbortController>(undefined);
  const load = useCallback(() => {
    request.current?.abort();
    const controller = new AbortController();
    request.current = controller;
    setState((before) => ({ ...before, isLoading: true }));
    readJson<T>(path, controller.signal).then(
      (data) => {
        if (request.current === controller) setState({ data, error: undefined, isLoading: false });
      },
      (error: unknown) => {
        if (request.current !== controller) return;
        setState((before) => ({ ...before, error: toRequestError(error), isLoading: false }));
      },
    );
  }, [path]);
  useEffect(() => {
    load();
    return () => {
      request.current?.abort();
      request.current = undefined;
    };
  }, [load]);
  useChanges(load, intervalMs);
  return state;
}

/** Calls a function when tasks change, when the connection returns, and when the page becomes visible after that. */
function useChanges(onChange: () => void, intervalMs: number): void {
  const latest = useRef(onChange);
  latest.current = onChange;
  const timing = useRef<{ at: number; timer?: ReturnType<typeof setTimeout>; isDue: boolean }>({ at: 0, isDue: false });
  const run = useCallback(() => {
    const { current } = timing;
    current.isDue = document.visibilityState !== "visible" || !isLive.peek();
    clearTimeout(current.timer);
    if (current.isDue) return;
    const wait = current.at + intervalMs - performance.now();
    if (wait > 0) {
      current.timer = setTimeout(run, wait);
      return;
    }
    current.at = performance.now();
    latest.current();
  }, [intervalMs]);
  const states = useComputed(describeStates);
  const before = useRef<string>(undefined);
  useSignalEffect(() => {
    const now = `${isLive.value} ${states.value}`;
    // The first state is that of the data that is being read.
    if (before.current !== undefined && before.current !== now) run();
    before.current = now;
  });
  useEffect(() => {
    const onVisible = () => {
      if (timing.current.isDue) run();
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => {
      document.removeEventListener("visibilitychange", onVisible);
      clearTimeout(timing.current.timer);
    };
  }, [run]);
}
