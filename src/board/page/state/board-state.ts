import { computed, signal } from "@preact/signals";
import type { BoardChange, BoardInfo, BoardSnapshot, Card } from "#board/api/card.ts";
import { type BoardEvents, PING_INTERVAL_MS } from "#board/api/event.ts";
import { KEY_PARAMETER } from "#board/api/failure.ts";
import { fetchWithKey, readKey } from "#board/page/source/requests.ts";
import { joinConnectedPages } from "./connected-pages.ts";

/** `lost` and `paused`: what is shown is how it was at {@link lastSeen}; `paused` has left its connection to other pages of this browser. */
export type Connection = "connecting" | "live" | "lost" | "paused" | "refused";

/** State of the connection to the board's server. */
export const connection = signal<Connection>("connecting");
/** Time at which the server was last heard, by this machine's clock. */
export const lastSeen = signal<Date | undefined>(undefined);
/** Facts about the server; undefined before the first event. */
export const info = signal<BoardInfo | undefined>(undefined);
/** Tasks by their ids. */
export const cards = signal<ReadonlyMap<string, Card>>(new Map());
/** Tasks that are not in {@link cards}: too many, or unreadable. */
export const missing = signal<Pick<BoardSnapshot, "left_out" | "unreadable">>({ left_out: 0, unreadable: [] });
/** Milliseconds by which the server's clock is ahead of this one. */
export const clockOffset = signal(0);
/** Whether the server is of another build than this page. */
export const isOutdated = signal(false);
/** Whether what is shown may be live. */
export const isLive = computed(() => connection.value === "live");

/** Time without an event after which the connection counts as lost, in milliseconds. */
const SILENCE_MS = PING_INTERVAL_MS * 2.5;
/** Time after which a connection is tried again, and time in which the server must answer, in milliseconds. */
const RETRY_MS = 1000;
const ANSWER_TIMEOUT_MS = 5000;
/**
 * Time after which a hidden page disconnects, in milliseconds: browsers allow few connections to one server, and the server does nothing
 * while no page is looked at.
 */
const HIDDEN_MS = 60_000;

const followers = new Map<string, Set<() => void>>();
let stream: EventSource | undefined;
let leavePages: (() => void) | undefined;
/** Stream that is replaced by {@link stream} as soon as that one has a state to show. */
let previous: EventSource | undefined;
let followed: string | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;
let hiding: ReturnType<typeof setTimeout> | undefined;
let retrying: ReturnType<typeof setTimeout> | undefined;

/** Connects to the board's server, and again whenever the connection is lost. */
export function startFollowing(): void {
  connect();
  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.visibilityState === "hidden") hiding = setTimeout(() => pause(), HIDDEN_MS);
    else checkConnection();
  });
  // After sleep, timers are late and the connection may be dead without a word.
  window.addEventListener("online", checkConnection);
  window.addEventListener("pageshow", checkConnection);
  window.addEventListener("focus", checkConnection);
}

/** Calls back when a task or its log has changed, until the returned function is called. */
export function followTask(id: string, onChange: () => void): () => void {
  const known = followers.get(id) ?? new Set();
  followers.set(id, known.add(onChange));
  if (followed !== id) {
    followed = id;
    // What is shown stays live until the new stream has a state to show; a connection that is lost is tried again anyway.
    if (stream !== undefined && (connection.value === "live" || connection.value === "connecting")) switchStream();
  }
  return () => {
    known.delete(onChange);
    if (known.size === 0 && followers.get(id) === known) followers.delete(id);
  };
}

/** Connects again if the server has been silent, or may know this browser again, or the page has left its connection to others. */
export function checkConnection(): void {
  if (document.visibilityState !== "visible") return;
  if (stream === undefined) connect();
  else if (connection.value === "refused") void findOut(stream);
  else if (connection.value === "live" && isSilent()) lose(stream, 0);
}

function isSilent(): boolean {
  return lastSeen.value === undefined || Date.now() - lastSeen.value.getTime() > SILENCE_MS;
}

/** Disconnects until the page is looked at again. */
function pause(shown: Connection = "connecting"): void {
  leavePages?.();
  leavePages = undefined;
  clearTimeout(silence);
  clearTimeout(retrying);
  for (const source of [previous, stream]) source?.close();
  previous = stream = undefined;
  connection.value = shown;
}

function switchStream(): void {
  // One that has no state yet is not needed.
  if (connection.value === "live" && previous === undefined) previous = stream;
  else stream?.close();
  connect();
}

function connect(): void {
  leavePages ??= joinConnectedPages(() => pause("paused"));
  const query = new URLSearchParams({ [KEY_PARAMETER]: readKey(), ...(followed !== undefined && { task: followed }) });
  const source = new EventSource(`/api/events?${query}`);
  stream = source;
  const on = <Name extends keyof BoardEvents>(name: Name, take: (data: BoardEvents[Name]) => void) => {
    source.addEventListener(name, (event: MessageEvent<string>) => {
      if (source !== stream) return;
      hear();
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server is of the same build
      take(JSON.parse(event.data) as BoardEvents[Name]);
    });
  };
  on("snapshot", takeSnapshot);
  on("change", takeChange);
  on("log", ({ id }) => notify(id));
  on("ping", ({ now }) => takeTime(now));
  on("end", () => lose(source));
  source.addEventListener("error", () => lose(source));
  waitForSilence();
}

function takeSnapshot(snapshot: BoardSnapshot): void {
  previous?.close();
  previous = undefined;
  info.value = snapshot.info;
  isOutdated.value = snapshot.info.page !== undefined && snapshot.info.page !== readPageName();
  missing.value = { left_out: snapshot.left_out, unreadable: snapshot.unreadable };
  cards.value = new Map(snapshot.cards.map((card) => [card.id, card]));
  takeTime(snapshot.now);
  connection.value = "live";
  for (const id of followers.keys()) notify(id);
}

/** Returns the name of this page's script, which changes with its content. */
function readPageName(): string | undefined {
  const { src } = document.querySelector<HTMLScriptElement>("script[type=module][src]") ?? {};
  return src === undefined ? undefined : new URL(src).pathname;
}

function takeChange({ cards: changed, removed, left_out, unreadable, now }: BoardChange): void {
  if (changed.length > 0 || removed.length > 0) {
    const next = new Map(cards.value);
    for (const id of removed) next.delete(id);
    for (const card of changed) next.set(card.id, card);
    cards.value = next;
  }
  const known = missing.value;
  missing.value = { left_out: left_out ?? known.left_out, unreadable: unreadable ?? known.unreadable };
  takeTime(now);
  for (const id of [...removed, ...changed.map((card) => card.id)]) notify(id);
}

function hear(): void {
  lastSeen.value = new Date();
  waitForSilence();
}

function waitForSilence(): void {
  clearTimeout(silence);
  silence = setTimeout(() => {
    if (stream !== undefined) lose(stream);
  }, SILENCE_MS);
}

/** Shows that the connection is lost, and tries again. */
function lose(source: EventSource, retryMs = RETRY_MS): void {
  if (source !== stream) return;
  source.close();
  previous?.close();
  previous = undefined;
  clearTimeout(silence);
  connection.value = "lost";
  clearTimeout(retrying);
  retrying = setTimeout(() => void findOut(source), retryMs);
}

/** Connects again, unless the server no longer knows this browser: an event stream does not say why it fails. */
async function findOut(source: EventSource): Promise<void> {
  const status = await fetchWithKey("/api/info", { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }).then(
    (response) => response.status,
    () => undefined,
  );
  if (source !== stream) return;
  if (status === 401 || status === 403) connection.value = "refused";
  else if (status === 200) connect();
  else lose(source);
}

function takeTime(now: string): void {
  clockOffset.value = Date.parse(now) - Date.now();
}

function notify(id: string): void {
  for (const onChange of followers.get(id) ?? []) onChange();
}
