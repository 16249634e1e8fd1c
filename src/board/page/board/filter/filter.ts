import type { BoardColumn, Card } from "#board/api/card.ts";

/** Filter of the board; an empty value means any. */
export interface BoardFilter {
  repository: string;
  /** Column, or `cancelled`, which is a part of the column of failures. */
  state: string;
  client: string;
  /** Name of a group of tries. */
  group: string;
  /** Words that all occur in the title, topic, branch or repository. */
  text: string;
}

/** Parameters of the address by the parts of a filter. */
const PARAMETERS: Record<keyof BoardFilter, string> = {
  repository: "repository",
  state: "state",
  client: "client",
  group: "group",
  text: "q",
};

/** Filter that shows all tasks. */
export const NO_FILTER: BoardFilter = { repository: "", state: "", client: "", group: "", text: "" };

/** Reads a filter from the query of the address. */
export function readFilter(query: string): BoardFilter {
  const parameters = new URLSearchParams(query);
  const filter = { ...NO_FILTER };
  for (const key of keysOf(PARAMETERS)) filter[key] = parameters.get(PARAMETERS[key]) ?? "";
  return filter;
}

/** Returns the query of the address for a filter, with its question mark; empty if it shows all. */
export function writeFilter(filter: BoardFilter): string {
  const parameters = new URLSearchParams();
  for (const key of keysOf(PARAMETERS)) if (filter[key] !== "") parameters.set(PARAMETERS[key], filter[key]);
  return parameters.size === 0 ? "" : `?${parameters}`;
}

/** Returns whether a filter hides anything. */
export function isFiltering(filter: BoardFilter): boolean {
  return keysOf(filter).some((key) => filter[key].trim() !== "");
}

/** Returns whether a filter shows a card. @param column column in which it would be shown */
export function matchesFilter(card: Card, column: BoardColumn, filter: BoardFilter): boolean {
  const { repository, state, client, group, text } = filter;
  if (repository !== "" && card.repository !== repository) return false;
  if (client !== "" && card.client !== client) return false;
  if (group !== "" && card.group !== group) return false;
  return matchesState(card, column, state) && matchesText(card, text);
}

function matchesState({ status }: Card, column: BoardColumn, state: string): boolean {
  if (state === "") return true;
  return state === "cancelled" || state === "failed" ? status === state : column === state;
}

/** Searched texts of cards: they are searched again at each change of any task. */
const texts = new WeakMap<Card, string>();

function matchesText(card: Card, text: string): boolean {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const searched = texts.get(card) ?? searchedText(card);
  texts.set(card, searched);
  return words.every((word) => searched.includes(word));
}

function searchedText({ title, topic, branch = "", repository, id }: Card): string {
  return [title, topic, branch, repository, id].join("\n").toLowerCase();
}

function keysOf<Value extends object>(value: Value): (keyof Value)[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the objects are literals of this file
  return Object.keys(value) as (keyof Value)[];
}
