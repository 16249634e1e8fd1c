import type { Signal } from "@preact/signals";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { DiffOverview, DiffSince } from "#board/api/changes.ts";
import type { TaskPageData } from "#board/api/task.ts";
import { Choice } from "#board/page/parts/choice.tsx";
import { FailureText } from "#board/page/parts/failure-text.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import type { PageSource } from "#board/page/source/page-source.ts";
import { type RequestError, toRequestError } from "#board/page/source/request-error.ts";
import { CommentStore } from "./comments/comment-store.ts";
import { PatchView } from "./patch-view.tsx";

/** Properties of the diff of a task. */
export interface DiffProps {
  source: PageSource;
  task: TaskPageData;
  /** File to show, which another part of the page sets. */
  openFile: Signal<string | undefined>;
  /** Sends the comments on lines as one message; undefined if the task takes none. */
  onSend: ((message: string) => Promise<void>) | undefined;
}

/** Time between two looks at the changes of a task that works, in milliseconds. */
const LOOK_INTERVAL_MS = 2000;

/** Shows what a task changed. */
export function DiffPane({ source, task, openFile, onSend }: DiffProps) {
  const { id } = task.card;
  const [since, setSince] = useState<DiffSince>("base");
  const { overview, failure, look } = useOverview(source, id, since);
  const mayAct = source.actions !== undefined || source.comment !== undefined;
  const comments = useMemo(() => (mayAct ? new CommentStore(id) : undefined), [mayAct, id]);
  const readPatch = useMemo(() => source.readPatch.bind(source, id), [source, id]);
  if (overview === undefined) {
    return failure === undefined ? (
      <p class="diff-empty weak">Reading the changes…</p>
    ) : (
      <div class="diff-empty">
        <FailureText failure={failure} onRetry={() => void look()} />
      </div>
    );
  }
  return (
    <PatchView
      key={`${id} ${mayAct}`}
      overview={overview}
      readPatch={readPatch}
      openFile={openFile}
      comments={comments}
      onSend={onSend}
      onStale={look}
    >
      {overview.has_last_run && (
        <Choice
          label="Compare with"
          options={[
            { value: "base", name: "Since the base" },
            { value: "run", name: "Since the last run" },
          ]}
          value={since}
          onChange={setSince}
        />
      )}
      {failure !== undefined && (
        <span class="diff-stale" role="status">
          Not up to date: <VisibleText text={failure.message} />
        </span>
      )}
    </PatchView>
  );
}

/** Reads the list of changes, and again when the task changes. */
function useOverview(source: PageSource, id: string, since: DiffSince) {
  const [overview, setOverview] = useState<DiffOverview>();
  const [failure, setFailure] = useState<RequestError>();
  const latest = useRef(since);
  latest.current = since;
  const look = useCallback(async () => {
    const asked = latest.current;
    try {
      const next = await source.readDiff(id, asked);
      if (asked !== latest.current) return;
      // Nothing is drawn again if nothing differs.
      setOverview((before) => (isSame(before, next) ? before : next));
      setFailure(undefined);
    } catch (error) {
      setFailure(toRequestError(error));
    }
  }, [source, id]);
  useEffect(() => {
    let [isLooking, isDue] = [false, false];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const next = async () => {
      isDue = isLooking;
      if (isLooking) return;
      isLooking = true;
      await look();
      timer = setTimeout(() => {
        isLooking = false;
        if (isDue) void next();
      }, LOOK_INTERVAL_MS);
    };
    void next();
    const stop = source.follow(id, () => void next());
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [source, id, look, since]);
  return { overview, failure, look };
}

function isSame(before: DiffOverview | undefined, next: DiffOverview): boolean {
  return (
    before?.key === next.key &&
    before.since === next.since &&
    before.note === next.note &&
    before.has_last_run === next.has_last_run
  );
}
