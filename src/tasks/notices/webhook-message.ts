import { createHash, createHmac } from "node:crypto";
import { takeStart } from "#base/text.ts";
import type { EndedTask } from "#domain/record.ts";

/** Largest message in bytes: receivers limit theirs, and the record may have long texts. */
const MAX_BODY_BYTES = 64 * 1024;

/** Message about the end of a run. */
export interface WebhookMessage {
  /** Identity of the message, the same at each attempt, by which a receiver recognizes one that it has had before. */
  id: string;
  body: string;
}

/** Returns the message about the end of a run. */
export function buildMessage(task: EndedTask): WebhookMessage {
  const { task_id, run, start_time, started_clock } = task;
  const name = JSON.stringify([task_id, run, start_time, started_clock]);
  const id = `msg_${createHash("sha256").update(name).digest("base64url").slice(0, 27)}`;
  const format = (data: object) => JSON.stringify({ type: `task.${task.status}`, timestamp: task.end_time, data });
  return { id, body: fitBody(task, format) };
}

/** Fields of a record that are never left out. */
const KEPT: ReadonlySet<string> = new Set(["task_id", "run", "status", "topic", "code", "start_time", "end_time"]);

/** Shortens a message: cuts the longest text, or leaves out the longest list, until it fits. Its field `shortened` names these. */
function fitBody(task: EndedTask, format: (data: object) => string): string {
  let data: Record<string, unknown> = { ...task };
  const shortened: string[] = [];
  for (;;) {
    const body = format(shortened.length === 0 ? data : { ...data, shortened });
    const excess = Buffer.byteLength(body) - MAX_BODY_BYTES;
    const fields = Object.entries(data).filter(([name]) => !KEPT.has(name));
    const [longest] = fields.toSorted((a, b) => sizeOfField(b) - sizeOfField(a));
    if (excess <= 0 || longest === undefined) return body;
    const [name, value] = longest;
    if (!shortened.includes(name)) shortened.push(name);
    const { [name]: _, ...rest } = data;
    // A little less than fits if its characters are of the same size everywhere, so that this ends after a few steps.
    const share = Math.max(0, 1 - excess / sizeOfField(longest)) * 0.9;
    const kept = typeof value === "string" ? takeStart(value, Math.floor(value.length * share)) : "";
    data = kept.length < 100 ? rest : { ...rest, [name]: kept };
  }
}

function sizeOfField([, value]: [string, unknown]): number {
  return value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
}

/** Returns the headers of one attempt to deliver a message; signed by the form of Standard Webhooks if there is a secret. */
export function headersOf({ id, body }: WebhookMessage, secret: string | undefined, at: Date): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signature =
    secret === undefined
      ? {}
      : {
          "webhook-signature": `v1,${createHmac("sha256", keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest("base64")}`,
        };
  return { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": timestamp, ...signature };
}

function keyOf(secret: string): Buffer {
  const prefix = "whsec_";
  return secret.startsWith(prefix) ? Buffer.from(secret.slice(prefix.length), "base64") : Buffer.from(secret);
}
