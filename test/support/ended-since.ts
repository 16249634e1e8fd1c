import { expect } from "bun:test";
import { runCli } from "./command-line.ts";
import { WireClient, type WireMessage } from "./wire-client.ts";
import { World } from "./world.ts";

/** A world whose clients start tasks and are told later that they have ended. */
export class EndsWorld extends World {
  repo = "";
  readonly #wires: WireClient[] = [];

  /** Makes the repository, and scripts the models. */
  async prepare(): Promise<this> {
    this.repo = await this.repository();
    this.stub.script("QUICK", [{ say: "First line.\nSecond line." }]);
    this.stub.script("REFUSED", [{ httpStatus: 401 }]);
    this.stub.script("UNTIL", [{ run: "while [ ! -e ../go-on ]; do sleep 0.05; done" }, { say: "Went on." }]);
    this.stub.script("GATED", [{ run: "while [ ! -e ../gate ]; do sleep 0.05; done" }, { say: "Passed." }]);
    this.stub.script("ENDLESS", [{ say: "Thinking." }, { end: "hang" }]);
    return this;
  }

  request(prompt: string, topic: string): object {
    return { prompt, cwd: this.repo, topic, sandbox: "read-only" };
  }

  /** Waits for ends without being a client. */
  async untilEnded(...topics: string[]): Promise<void> {
    const { exitCode } = await runCli(this, ["wait", ...topics]);
    expect([0, 1]).toContain(exitCode);
  }

  /** A client without a handshake. */
  wire(): WireClient {
    const wire = new WireClient(this);
    this.#wires.push(wire);
    return wire;
  }

  /** A client of an older revision, with a name of its own. */
  async handshake(name: string): Promise<WireClient> {
    const wire = this.wire();
    const clientInfo = { name, version: "1" };
    const { result } = await wire.ask("initialize", { protocolVersion: "2025-11-25", capabilities: {}, clientInfo });
    expect(result).toMatchObject({ capabilities: { logging: {} } });
    wire.send({ method: "notifications/initialized" });
    return wire;
  }

  override async close(): Promise<void> {
    for (const wire of this.#wires) await wire.close();
    await super.close();
  }
}

/** The tasks whose ends an answer reports beside its own content. */
export function endsIn({ data }: { data: Record<string, unknown> }): string[] {
  return ((data["ended_since"] ?? []) as { task_id: string }[]).map(({ task_id }) => task_id);
}

/** Calls a tool over the wire, with an envelope of 2026-07-28 if there is one. */
export function wireCall(wire: WireClient, name: string, args: object, meta?: object): Promise<WireMessage> {
  const params = { name, arguments: args };
  return meta === undefined ? wire.ask("tools/call", params) : wire.askModern("tools/call", params, meta);
}

/** The structured content of such a call's result. */
export function dataOf({ result }: WireMessage): Record<string, unknown> {
  return (result?.["structuredContent"] ?? {}) as Record<string, unknown>;
}

/** Lists the tasks over the wire. @returns the ends that the answer reports */
export async function wireEnds(wire: WireClient, meta?: object): Promise<string[]> {
  return endsIn({ data: dataOf(await wireCall(wire, "codex_status", {}, meta)) });
}
