import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { TaskPageData } from "#board/api/task.ts";
import type { PageSource } from "#board/page/source/page-source.ts";
import { type RequestError, toRequestError } from "#board/page/source/request-error.ts";
import { isLive } from "#board/page/state/board-state.ts";

/** Shortest time between two reads of a task, in milliseconds. */
const READ_INTERVAL_MS = 500;

/** Task that is read again whenever it changes. */
export interface FollowedTask {
  task: TaskPageData | undefined;
  /** Reason why it cannot be shown; what was read before is kept. */
  failure: RequestError | undefined;
  /** Reads it again now. */
  refresh: () => Promise<void>;
}

/** Reads a task, and follows it while it is shown. */
export function useTask(source: PageSource, id: string): FollowedTask {
  const [task, setTask] = useState<TaskPageData>();
  const [failure, setFailure] = useState<RequestError>();
  const count = useRef(0);
  const refresh = useCallback(async () => {
    const own = ++count.current;
    try {
      const data = await source.readTask(id);
      // A later request may have been answered first.
      if (own !== count.current) return;
      setTask(data);
      setFailure(undefined);
    } catch (error) {
      if (own === count.current) setFailure(toRequestError(error));
    }
  }, [source, id]);
  const isConnected = source.kind !== "board" || isLive.value;
  useEffect(() => {
    if (isConnected || task === undefined) void refresh();
  }, [refresh, isConnected]);
  const known = task?.card.id;
  useEffect(() => {
    if (known === undefined) return undefined;
    const reader = throttle(refresh);
    const stop = source.follow(known, reader.request);
    document.addEventListener("visibilitychange", reader.request);
    return () => {
      stop();
      reader.stop();
      document.removeEventListener("visibilitychange", reader.request);
    };
  }, [source, known, refresh]);
  return { task, failure, refresh };
}

/** Limits how often something is done: at once after a quiet time, then at intervals, and never while the page is hidden. */
function throttle(run: () => Promise<void>): { request: () => void; stop: () => void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isWanted = false;
  const begin = () => {
    isWanted = false;
    void run();
    timer = setTimeout(() => {
      timer = undefined;
      if (isWanted && document.visibilityState === "visible") begin();
    }, READ_INTERVAL_MS);
  };
  return {
    request: () => {
      isWanted = true;
      if (timer === undefined && document.visibilityState === "visible") begin();
    },
    stop: () => clearTimeout(timer),
  };
}
