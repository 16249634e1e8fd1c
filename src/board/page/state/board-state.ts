import { computed, signal } from "@preact/signals";
import type { BoardInfo, BoardSnapshot, Card } from "#board/api/card.ts";
import { type BoardEvents, PING_INTERVAL_MS } from "#board/api/event.ts";

/** `lost`: what is shown is how it was at {@link lastSeen}. */
export type Connection = "connecting" | "live" | "lost" | "refused";

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
/** Whether what is shown may be live. */
export const isLive = computed(() => connection.value === "live");

/** Time without an event after which the connection counts as lost, in milliseconds. */
const SILENCE_MS = PING_INTERVAL_MS * 2.5;
/** Time after which a connection is tried again, in milliseconds. */
const RETRY_MS = 1000;

const followers = new Map<string, Set<() => void>>();
let stream: EventSource | undefined;
let followed: string | undefined;
let silence: ReturnType<typeof setTimeout> | undefined;

/** Connects to the board's server, and again whenever the connection is lost. */
export function startFollowing(): void {
  connect();
  // After sleep, timers are late and the connection may be dead without a word.
  const check = () => {
    if (document.visibilityState === "visible" && isSilent()) reconnect();
  };
  document.addEventListener("visibilitychange", check);
  window.addEventListener("online", check);
  window.addEventListener("pageshow", check);
}

/** Calls back when a task or its log has changed, until the returned function is called. */
export function followTask(id: string, onChange: () => void): () => void {
  const known = followers.get(id) ?? new Set();
  followers.set(id, known.add(onChange));
  if (followed !== id) {
    followed = id;
    reconnect();
  }
  return () => {
    known.delete(onChange);
    if (known.size === 0) followers.delete(id);
  };
}

function isSilent(): boolean {
  return lastSeen.value === undefined || Date.now() - lastSeen.value.getTime() > SILENCE_MS;
}

function reconnect(): void {
  stream?.close();
  connect();
}

function connect(): void {
  const path = followed === undefined ? "/api/events" : `/api/events?task=${encodeURIComponent(followed)}`;
  const source = new EventSource(path);
  stream = source;
  const on = <Name extends keyof BoardEvents>(name: Name, take: (data: BoardEvents[Name]) => void) => {
    source.addEventListener(name, (event: MessageEvent<string>) => {
      hear();
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server is of the same build
      take(JSON.parse(event.data) as BoardEvents[Name]);
    });
  };
  on("snapshot", (snapshot) => {
    info.value = snapshot.info;
    missing.value = { left_out: snapshot.left_out, unreadable: snapshot.unreadable };
    cards.value = new Map(snapshot.cards.map((card) => [card.id, card]));
    takeTime(snapshot.now);
    connection.value = "live";
    for (const id of followers.keys()) notify(id);
  });
  on("change", (change) => {
    const next = new Map(cards.value);
    for (const id of change.removed) next.delete(id);
    for (const card of change.cards) next.set(card.id, card);
    cards.value = next;
    takeTime(change.now);
    for (const id of [...change.removed, ...change.cards.map((card) => card.id)]) notify(id);
  });
  on("log", ({ id }) => notify(id));
  on("ping", ({ now }) => takeTime(now));
  on("end", () => lose(source));
  source.addEventListener("error", () => lose(source));
  waitForSilence();
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
function lose(source: EventSource): void {
  if (source !== stream) return;
  source.close();
  clearTimeout(silence);
  connection.value = "lost";
  setTimeout(() => {
    if (source === stream) void findOut();
  }, RETRY_MS);
}

/** Connects again, unless the server no longer knows this browser: an event stream does not say why it fails. */
async function findOut(): Promise<void> {
  const status = await fetch("/api/info").then(
    (response) => response.status,
    () => undefined,
  );
  if (status === 401 || status === 403) connection.value = "refused";
  if (status === 200) connect();
  else if (stream !== undefined) lose(stream);
}

function takeTime(now: string): void {
  clockOffset.value = Date.parse(now) - Date.now();
}

function notify(id: string): void {
  for (const onChange of followers.get(id) ?? []) onChange();
}
