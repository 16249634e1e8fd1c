import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type CommandRun, runCli } from "./command-line.ts";
import { serveOnLoopback } from "./loopback.ts";
import { TaskWorld } from "./task-world.ts";

/** Secret of the messages to the receiver. */
export const WEBHOOK_SECRET = "whsec_c2VjcmV0LW9mLXRoZS10ZXN0";

/** Message that the receiver got. */
interface Delivery {
  id: string;
  type: string;
  data: Record<string, unknown>;
  isSigned: boolean;
}

/** A world with a receiver of messages, and a command that notes each call. */
export class NoticesWorld extends TaskWorld {
  /** Messages that came, oldest first. */
  readonly deliveries: Delivery[] = [];
  /** Statuses of the next answers; 200 when there are none. */
  readonly answers: number[] = [];
  readonly #receiver = serveOnLoopback((request) => this.#receive(request));
  /** File with a line for each call of the command. */
  readonly calls = join(this.root, "calls");

  async #receive(request: Request): Promise<Response> {
    const body = await request.text();
    const [id = "", time] = ["webhook-id", "webhook-timestamp"].map((name) => request.headers.get(name) ?? "");
    const key = Buffer.from(WEBHOOK_SECRET.slice("whsec_".length), "base64");
    const signature = createHmac("sha256", key).update(`${id}.${time}.${body}`).digest("base64");
    const isSigned = request.headers.get("webhook-signature") === `v1,${signature}`;
    this.deliveries.push({ id, isSigned, ...(JSON.parse(body) as Pick<Delivery, "type" | "data">) });
    await Bun.sleep(Math.random() * 30);
    return new Response("", { status: this.answers.shift() ?? 200 });
  }

  /** A shell command that notes the task and the run on its standard input: `jq` need not be there. */
  get command(): string {
    return `sed -E 's/.*"task_id":"([^"]*)","run":([0-9]*).*/\\1 \\2/' >> '${this.calls}'`;
  }

  /** Variables of a process that wants both notices. */
  wanted(more: Record<string, string> = {}): Record<string, string> {
    return {
      CODEXMCP_WEBHOOK: `http://127.0.0.1:${this.#receiver.port}/a-secret-path`,
      CODEXMCP_WEBHOOK_SECRET: WEBHOOK_SECRET,
      CODEXMCP_ON_END: this.command,
      ...more,
    };
  }

  /** Runs a task to its end. */
  runTask(prompt: string, topic: string, environment: Record<string, string>): Promise<CommandRun> {
    return runCli(this, ["run", "--topic", topic, prompt], environment);
  }

  /** What became of a task's notices, as another process says it, which resumes open ones if it is configured for them. */
  async noticesOf(topic: string, environment: Record<string, string>): Promise<Record<string, string>> {
    const { stdout } = await runCli(this, ["show", topic, "--json"], environment);
    return (JSON.parse(stdout) as { notices?: Record<string, string> }).notices ?? {};
  }

  /** Waits until all notices of a task are given or have failed. */
  async untilGiven(topic: string, environment = this.wanted()): Promise<Record<string, string>> {
    let notices: Record<string, string> = {};
    await this.until(async () => {
      notices = await this.noticesOf(topic, environment);
      return Object.keys(notices).length > 0 && !Object.values(notices).some(isOpen);
    });
    return notices;
  }

  /** The messages about a run. */
  deliveriesOf(topic: string, run = 1): Delivery[] {
    return this.deliveries.filter(({ data }) => data["task_id"] === `codex-${topic}` && data["run"] === run);
  }

  /** How often the command was called for a run. */
  callsOf(topic: string, run = 1): number {
    const lines = existsSync(this.calls) ? readFileSync(this.calls, "utf8").split("\n") : [];
    return lines.filter((line) => line === `codex-${topic} ${run}`).length;
  }

  /** The processes that give notices. */
  hooks(): { pid: number; command: string }[] {
    return this.processes().filter(({ command }) => command.includes(" end-hook "));
  }

  override async close(): Promise<void> {
    await this.#receiver.stop(true);
    await super.close();
  }
}

function isOpen(state: string): boolean {
  return /^(?:pending|started)/.test(state);
}
