import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { useSearchParams } from "wouter-preact";
import type { DiffOverview, PatchQuery } from "#board/api/changes.ts";
import type { ComparedEntry } from "#board/api/compare.ts";
import { PatchView } from "#board/page/diff/patch-view.tsx";
import { FailureText } from "#board/page/parts/failure-text.tsx";
import { taskPath, withQuery } from "#board/page/source/board-source.ts";
import { type RequestError, toRequestError } from "#board/page/source/request-error.ts";
import { readJson, readText } from "#board/page/source/requests.ts";

/** Two tasks whose works are compared, which the address names. */
export interface ChosenDiff {
  from: string;
  to: string;
  /** Whether the differences are shown. */
  isShown: boolean;
  /** Identity of the choice. */
  address: string;
  choose: (from: string, to: string) => void;
  show: () => void;
  swap: () => void;
}

/** Returns the two tasks that the address names; by default the first two that have work. */
export function useChosenDiff(tasks: readonly ComparedEntry[]): ChosenDiff {
  const [query, setQuery] = useSearchParams();
  const ids = tasks.filter(({ branch }) => branch !== undefined).map(({ id }) => id);
  const named = (name: string) => ids.find((id) => id === query.get(name));
  const from = named("from") ?? ids.find((id) => id !== query.get("to")) ?? "";
  const to = named("to") ?? ids.find((id) => id !== from) ?? "";
  const choose = (one: string, other: string) => {
    if (one === "" || other === "") return;
    setQuery(
      (before) => {
        before.set("from", one);
        before.set("to", other);
        return before;
      },
      { replace: true },
    );
  };
  return {
    from,
    to,
    isShown: query.has("from") && from !== "" && to !== "",
    address: query.toString(),
    choose,
    show: () => choose(from, to),
    swap: () => choose(to, from),
  };
}

/** Shows what differs between the works of two tasks. */
export function ComparedDiff({ tasks, diff }: { tasks: readonly ComparedEntry[]; diff: ChosenDiff }) {
  const { from, to, isShown, choose, show, swap } = diff;
  if (to === "") return null;
  const options = tasks.filter(({ branch }) => branch !== undefined);
  const select = (label: string, value: string, other: string, onChange: (id: string) => void) => {
    const name = `compare-${label.toLowerCase()}`;
    return (
      <span class="compare-select">
        <label for={name}>{label}</label>
        <select id={name} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map(({ id }) => (
            <option key={id} value={id} disabled={id === other}>
              {id}
            </option>
          ))}
        </select>
      </span>
    );
  };
  return (
    <section class="compare-diff" aria-labelledby="compare-diff">
      <h2 id="compare-diff">Differences between two</h2>
      <div class="compare-bar">
        {select("From", from, to, (id) => choose(id, to))}
        {select("To", to, from, (id) => choose(from, id))}
        <button type="button" onClick={swap}>
          Swap
        </button>
        {!isShown && (
          <button type="button" class="primary" onClick={show}>
            Show the differences
          </button>
        )}
      </div>
      {isShown && <LoadedDiff key={`${from}\n${to}`} from={from} to={to} version={versionOf(tasks)} />}
    </section>
  );
}

/** Returns what changes when the work of one of the tasks does. */
function versionOf(tasks: readonly ComparedEntry[]): string {
  return JSON.stringify(tasks.map(({ id, changes, has_worktree }) => [id, changes, has_worktree]));
}

function LoadedDiff({ from, to, version }: { from: string; to: string; version: string }) {
  const [overview, setOverview] = useState<DiffOverview>();
  const [failure, setFailure] = useState<RequestError>();
  const latest = useRef("");
  const read = useCallback(async () => {
    latest.current = version;
    try {
      const next = await readJson<DiffOverview>(withQuery("/api/compare/diff", { from, to }));
      if (latest.current !== version) return;
      setOverview(next);
      setFailure(undefined);
    } catch (error) {
      if (latest.current === version) setFailure(toRequestError(error));
    }
  }, [from, to, version]);
  useEffect(() => void read(), [read]);
  const readPatch = useMemo(
    () => async (query: PatchQuery) => readText(withQuery(`${taskPath(from)}/patch`, { ...query })),
    [from],
  );
  if (failure !== undefined) return <FailureText failure={failure} />;
  // The place of the patch is kept, so that the page can be scrolled to it.
  if (overview === undefined) return <p class="compare-patch weak">Comparing the works…</p>;
  return (
    <>
      <p class="weak" role="status">
        {overview.files.length === 0 ? "No differences: the files are the same." : overview.diff_stat}
      </p>
      {overview.files.length > 0 && (
        <div class="compare-patch">
          <PatchView overview={overview} readPatch={readPatch} onStale={read} />
        </div>
      )}
    </>
  );
}
