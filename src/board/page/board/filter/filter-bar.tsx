import type { RefObject, TargetedKeyboardEvent } from "preact";
import { Link } from "wouter-preact";
import { type Card, COLUMNS } from "#board/api/card.ts";
import { VisibleText } from "#board/page/parts/visible-text.tsx";
import { makeVisible } from "#base/visible-text.ts";
import { formatNumber, formatPlural } from "#base/text.ts";
import { type Arrangement, COLUMN_NAMES } from "#board/page/board/columns.ts";
import { type BoardFilter, isFiltering, NO_FILTER } from "./filter.ts";

/** Properties of the filters. */
export interface FilterBarProps {
  filter: BoardFilter;
  onChange: (filter: BoardFilter) => void;
  cards: Iterable<Card>;
  /** Short names of repositories. */
  names: ReadonlyMap<string, string>;
  arrangement: Arrangement;
  /** Set to the field for text. */
  field: RefObject<HTMLInputElement | null>;
  /** Moves on to the cards. */
  onLeave: () => void;
}

const STATES = [
  ...COLUMNS.map((column) => [column, COLUMN_NAMES[column].name] as const),
  ["cancelled", "Cancelled"],
] as const;

/** Shows the filters of the board, the number of tasks that they hide, and the button for a new task. */
export function FilterBar({ filter, onChange, cards, names, arrangement, field, onLeave }: FilterBarProps) {
  const set = (part: Partial<BoardFilter>) => onChange({ ...filter, ...part });
  const clients = [...new Set([...cards].flatMap(({ client }) => client ?? []))].toSorted();
  return (
    <div class="filter-bar" role="search" aria-label="Tasks">
      <TextFilter text={filter.text} onChange={(text) => set({ text })} field={field} onLeave={onLeave} />
      <FilterSelect
        label="Repository"
        any="All repositories"
        value={filter.repository}
        options={[...names].toSorted(([, a], [, b]) => (a < b ? -1 : 1))}
        onChange={(repository) => set({ repository })}
      />
      <FilterSelect
        label="State"
        any="All states"
        value={filter.state}
        options={STATES}
        onChange={(state) => set({ state })}
      />
      <FilterSelect
        label="Client"
        any="All clients"
        value={filter.client}
        options={clients.map((client) => [client, client])}
        onChange={(client) => set({ client })}
      />
      {filter.group !== "" && (
        <button
          type="button"
          class="chip"
          onClick={() => set({ group: "" })}
          aria-label={`Remove the filter: tries of ${makeVisible(filter.group)}`}
        >
          Tries of <VisibleText text={filter.group} /> ×
        </button>
      )}
      <span class="filter-count" role="status">
        {describeCount(arrangement)}
      </span>
      {isFiltering(filter) && (
        <button type="button" onClick={() => onChange(NO_FILTER)}>
          Show all
        </button>
      )}
      <Link href="/new" class="button primary new-task-link">
        New task
      </Link>
    </div>
  );
}

function TextFilter({
  text,
  onChange,
  field,
  onLeave,
}: Pick<FilterBarProps, "field" | "onLeave"> & { text: string; onChange: (text: string) => void }) {
  const press = (event: TargetedKeyboardEvent<HTMLInputElement>) => {
    if (!["Escape", "ArrowDown", "Enter"].includes(event.key)) return;
    event.preventDefault();
    if (event.key !== "Escape") onLeave();
    else if (text === "") event.currentTarget.blur();
    else onChange("");
  };
  return (
    <input
      ref={field}
      type="search"
      class="filter-text"
      placeholder="Filter by text  ( / )"
      aria-label="Filter by text"
      value={text}
      onInput={({ currentTarget }) => onChange(currentTarget.value)}
      onKeyDown={press}
    />
  );
}

function describeCount({ shown, hidden }: Arrangement): string {
  if (hidden === 0) return formatPlural(shown, "task");
  return `${formatNumber(shown)} of ${formatPlural(shown + hidden, "task")}, ${formatNumber(hidden)} hidden`;
}

function FilterSelect({
  label,
  any,
  value,
  options,
  onChange,
}: {
  label: string;
  any: string;
  value: string;
  options: readonly (readonly [value: string, name: string])[];
  onChange: (value: string) => void;
}) {
  // A value of the address stays visible even if no task has it.
  const isKnown = value === "" || options.some(([each]) => each === value);
  if (options.length < 2 && value === "") return null;
  return (
    <select
      aria-label={label}
      class={value === "" ? "" : "active"}
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    >
      <option value="">{any}</option>
      {!isKnown && <option value={value}>{makeVisible(value)}</option>}
      {options.map(([each, name]) => (
        <option key={each} value={each}>
          {makeVisible(name)}
        </option>
      ))}
    </select>
  );
}
