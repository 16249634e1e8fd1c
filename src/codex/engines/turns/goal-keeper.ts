import * as v from "valibot";
import type { Goal } from "#domain/goal.ts";
import { AppServerError } from "#codex/engines/connection/app-server-error.ts";
import { type AppServerConnection, readField } from "#codex/engines/connection/connection.ts";
import type { EngineLine } from "#codex/engines/translate.ts";

const GoalSchema = v.looseObject({ objective: v.string(), status: v.string(), tokensUsed: v.nullish(v.number(), 0) });
const HolderSchema = v.looseObject({ goal: v.nullish(GoalSchema) });

type Link = Pick<AppServerConnection, "request">;

/** Keeper of the goal of a run. As long as the goal is active, Codex starts turn after turn by itself. */
export class GoalKeeper {
  readonly #goal: Goal | undefined;
  #status: string | undefined;

  constructor(goal: Goal | undefined) {
    this.#goal = goal;
  }

  /** Returns whether Codex continues by itself after a turn. */
  get isPursued(): boolean {
    return this.#goal !== undefined && this.#status === "active";
  }

  /**
   * Pauses the goal that an earlier run of the session has left: Codex would continue to pursue it, whatever this run is for.
   * @param threadId thread that is resumed; undefined if it is new
   */
  async pauseOld(link: Link, threadId: string | undefined): Promise<void> {
    if (threadId === undefined) return;
    const old = await this.#read(link, threadId);
    if (old?.status === "active") await link.request("thread/goal/set", { threadId, status: "paused", origin: "user" });
  }

  /**
   * Sets the thread's goal, if the run has one. Its first turn must have begun, because an idle thread begins one at once, without the
   * run's sandbox.
   * @param isAdopted whether an earlier supervisor may have set it
   * @returns the line of the log for its state
   * @throws AppServerError if Codex does not take the goal; AppError `codex_incompatible`
   */
  async set(link: Link, threadId: string, isAdopted: boolean): Promise<EngineLine[]> {
    if (this.#goal === undefined) return [];
    const { objective, token_budget: tokenBudget = null } = this.#goal;
    const known = isAdopted ? await this.#read(link, threadId) : undefined;
    if (known?.objective === objective) return this.#toLines(known);
    return this.#activate(link, { threadId, objective, tokenBudget });
  }

  /**
   * Sets the run's goal active again if Codex has stopped pursuing it because of a usage limit. A further turn must have begun.
   * @returns the line of the log for its state
   */
  async resume(link: Link, threadId: string): Promise<EngineLine[]> {
    return this.#status === "usageLimited" ? this.#activate(link, { threadId }) : [];
  }

  async #activate(link: Link, goal: object): Promise<EngineLine[]> {
    const answer = await link.request("thread/goal/set", { ...goal, status: "active", origin: "user" });
    return this.#toLines(readField(HolderSchema, answer, "thread/goal/set").goal ?? undefined);
  }

  /** Returns the line of the log for a notification, if it is about the goal. */
  translate(method: string, params: unknown): EngineLine[] {
    if (this.#goal === undefined) return [];
    if (method === "thread/goal/cleared") return this.#toLines({ objective: "", status: "cleared", tokensUsed: 0 });
    const parsed = method === "thread/goal/updated" ? v.safeParse(HolderSchema, params) : undefined;
    return parsed?.success === true ? this.#toLines(parsed.output.goal ?? undefined) : [];
  }

  async #read(link: Link, threadId: string): Promise<v.InferOutput<typeof GoalSchema> | undefined> {
    try {
      const parsed = v.safeParse(HolderSchema, await link.request("thread/goal/get", { threadId }));
      return parsed.success ? (parsed.output.goal ?? undefined) : undefined;
    } catch (error) {
      if (error instanceof AppServerError) return undefined; // this Codex has no goals, or the thread has no record yet
      throw error;
    }
  }

  #toLines(goal: v.InferOutput<typeof GoalSchema> | undefined): EngineLine[] {
    if (goal === undefined) return [];
    this.#status = goal.status;
    return [{ type: "goal.updated", status: goal.status, tokens_used: goal.tokensUsed }];
  }
}
