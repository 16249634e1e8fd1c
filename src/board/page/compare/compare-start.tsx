import { useEffect, useMemo, useState } from "preact/hooks";
import { Link, useLocation } from "wouter-preact";
import type { Card } from "#board/api/card.ts";
import type { ComparableGroup } from "#board/api/compare.ts";
import { useKeys } from "#board/page/parts/keys.tsx";
import { notifyFailure } from "#board/page/parts/notices.tsx";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { readJson } from "#board/page/source/requests.ts";
import { cards } from "#board/page/state/board-state.ts";
import { compareAddress } from "#board/page/address/addresses.ts";

/** Maximum number of tasks that are offered at once; the filter finds the others. */
const MAX_OFFERED = 100;

/** Maximum number of tasks of a comparison. */
const MAX_MARKED = 10;

/** Shows the tasks and groups that can be compared. @param props `marked`: ids of the tasks that are marked */
export function CompareStart({ marked }: { marked: readonly string[] }) {
  const [, navigate] = useLocation();
  const compare = () => navigate(compareAddress({ task: marked }));
  const mark = (id: string, isMarked: boolean) => {
    const others = marked.filter((each) => each !== id);
    navigate(compareAddress({ mark: isMarked ? [...others, id] : others }), { replace: true });
  };
  const keys = useMemo(
    () => [{ key: "c", does: "Compare the marked tasks", run: () => marked.length > 1 && compare() }],
    [marked.join("\n")],
  );
  useKeys("Compare", keys);
  return (
    <div class="compare">
      <h1>Compare</h1>
      <Groups />
      <section aria-labelledby="compare-tasks">
        <h2 id="compare-tasks">Tasks</h2>
        <TaskChoice marked={marked} onMark={mark} />
        <p class="compare-bar">
          <button type="button" class="primary" disabled={marked.length < 2} onClick={compare}>
            Compare {marked.length < 2 ? "the marked tasks" : `${marked.length} tasks`}
          </button>
          <span class="weak" role="status">
            {marked.length === 0 ? `Mark 2 to ${MAX_MARKED} tasks.` : `${marked.length} marked`}
          </span>
        </p>
      </section>
    </div>
  );
}

function Groups() {
  const [groups, setGroups] = useState<ComparableGroup[]>();
  useEffect(() => {
    readJson<ComparableGroup[]>("/api/compare/groups").then(setGroups, notifyFailure);
  }, []);
  return (
    <section aria-labelledby="compare-groups">
      <h2 id="compare-groups">Tries at one prompt</h2>
      {groups?.length === 0 && <p class="weak">There are none yet. A new task can be tried several times.</p>}
      <ul class="compare-groups">
        {groups?.map(({ id, tasks, title }) => (
          <li key={id}>
            <Link href={compareAddress({ group: [id] })}>
              <VisibleText text={title} />
            </Link>
            <span class="weak">
              <VisibleText text={id} />, {tasks} tries
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function TaskChoice({
  marked,
  onMark,
}: {
  marked: readonly string[];
  onMark: (id: string, isMarked: boolean) => void;
}) {
  const [text, setText] = useState("");
  const all = [...cards.value.values()].filter((card) => marked.includes(card.id) || isFound(card, text));
  // Marked ones first, so that no filter hides them.
  const offered = all.toSorted(
    (a, b) => Number(marked.includes(b.id)) - Number(marked.includes(a.id)) || b.started_at.localeCompare(a.started_at),
  );
  return (
    <>
      <label class="compare-filter">
        Filter <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <ul class="compare-choice">
        {offered.slice(0, MAX_OFFERED).map((card) => (
          <li key={card.id}>
            <label>
              <input
                type="checkbox"
                checked={marked.includes(card.id)}
                disabled={marked.length >= MAX_MARKED && !marked.includes(card.id)}
                onChange={(event) => onMark(card.id, event.currentTarget.checked)}
              />
              <span class="compare-choice-title">
                <VisibleText text={card.title} />
              </span>
              <span class="weak">
                <VisibleText text={`${card.id}, ${card.status}`} />
              </span>
            </label>
          </li>
        ))}
      </ul>
      {offered.length > MAX_OFFERED && (
        <p class="weak">{offered.length - MAX_OFFERED} more tasks are not listed: use the filter.</p>
      )}
    </>
  );
}

function isFound({ id, title, repository }: Card, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  return wanted === "" || [id, title, repository].some((each) => each.toLowerCase().includes(wanted));
}
