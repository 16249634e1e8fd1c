import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import type { LoggingMessageNotification } from "@modelcontextprotocol/sdk/types.js";
import { logger } from "#base/log.ts";
import { runIdOf } from "#domain/names.ts";
import { findUnreportedEnd, listUnfinishedOf, type UnreportedEnd } from "#store/ends/unreported-ends.ts";
import type { RunKey } from "#store/ends/record-end.ts";
import { findTask } from "#store/tasks/claim-task.ts";
import { reconcile } from "#tasks/end/reconcile.ts";
import type { AppContext } from "#tasks/context.ts";
import type { ChangeWatch } from "#mcp/change-watch.ts";
import { META } from "#mcp/protocol/envelope.ts";
import type { Extra } from "#mcp/protocol/on-request.ts";
import { SERVER_INFO } from "#mcp/protocol/modern-protocol.ts";

/** Number of looks, one a second, after which the actual states of the tasks are determined: their processes may have died. */
const LOOKS_BETWEEN_CHECKS = 60;

/** Log levels of a request at which it gets messages of the level `info`. */
const INFO_LEVELS: ReadonlySet<unknown> = new Set(["debug", "info"]);

type Send = (message: LoggingMessageNotification) => void;

/**
 * Sends a log message when a task of the client ends and no answer has reported it. Clients of the older revisions get it at any time, those of
 * 2026-07-28 during a request that asks for log messages. Looks at nothing while the client has no unfinished task.
 */
export class EndMessages {
  readonly #server: Server;
  readonly #watch: ChangeWatch;
  /** Unfinished runs that are watched, by their ids. */
  #unfinished = new Map<string, RunKey>();
  /** Clients whose tasks are watched: one, unless a bridge passes the requests of several to this server. */
  readonly #keys = new Set<string>();
  readonly #requests = new Map<Send, string>();
  #stop: (() => void) | undefined;
  #isStarting = false;
  #looks = 0;

  constructor(server: Server, watch: ChangeWatch) {
    this.#server = server;
    this.#watch = watch;
  }

  /** Watches the unfinished tasks of a client, if it has any. Called after each of its calls, in which tasks may have been started. */
  async follow(context: AppContext, clientKey: string): Promise<void> {
    const isNew = !this.#keys.has(clientKey);
    this.#keys.add(clientKey);
    try {
      // A run that has ended since the last look stays, so that the next one reports it.
      for (const [id, run] of this.#listUnfinished(context)) this.#unfinished.set(id, run);
      // They may have died while no server of this client was running.
      if (isNew) await this.#check(context);
      if (this.#stop !== undefined || this.#isStarting || this.#unfinished.size === 0) return;
      this.#isStarting = true;
      this.#stop = await this.#watch.watch(
        () => this.#look(context),
        () => {},
      );
    } catch (error) {
      logger("mcp").warn`the client's tasks cannot be watched: ${String(error)}`;
    } finally {
      this.#isStarting = false;
    }
  }

  /** Sends messages during a request of the newer revision that asks for them. @returns a function that ends that */
  during(clientKey: string, { _meta: meta, sendNotification }: Extra): () => void {
    if (!INFO_LEVELS.has(meta?.[META.logLevel])) return () => {};
    const send: Send = (message) => void sendNotification(message).catch(() => {});
    this.#requests.set(send, clientKey);
    return () => this.#requests.delete(send);
  }

  async #look(context: AppContext): Promise<string> {
    if (++this.#looks % LOOKS_BETWEEN_CHECKS === 0) await this.#check(context);
    const now = this.#listUnfinished(context);
    for (const [id, run] of this.#unfinished) {
      const end = now.has(id) ? undefined : findUnreportedEnd(context.store, run);
      if (end !== undefined) this.#send(end);
    }
    this.#unfinished = now;
    if (this.#unfinished.size === 0) {
      this.#stop?.();
      this.#stop = undefined;
    }
    return "";
  }

  #listUnfinished({ store }: AppContext): Map<string, RunKey> {
    const runs = [...this.#keys].flatMap((key) => listUnfinishedOf(store, key));
    return new Map(runs.map((run) => [runIdOf(run), run]));
  }

  async #check(context: AppContext): Promise<void> {
    for (const { task_id } of this.#unfinished.values()) {
      const stored = findTask(context.store, task_id);
      if (stored !== undefined) await reconcile(context, stored);
    }
  }

  #send({ task_id, run, topic, status, outcome, client_key }: UnreportedEnd): void {
    const data = { task_id, run, status, topic, ...(outcome !== null && { outcome }) };
    const params = { level: "info", logger: SERVER_INFO.name, data } as const;
    const message = { method: "notifications/message", params } as const;
    for (const [send, key] of this.#requests) if (key === client_key) send(message);
    // Without a handshake, nothing is sent that no request has asked for.
    if (this.#server.getClientVersion() === undefined) return;
    void this.#server.sendLoggingMessage(params).catch(() => {});
  }
}
