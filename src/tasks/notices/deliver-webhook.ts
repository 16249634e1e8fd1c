import { OWN_BUILD } from "#base/build.ts";
import { shorten } from "#base/text.ts";
import type { NoticeState } from "#domain/end-notice.ts";
import { headersOf, type WebhookMessage } from "./webhook-message.ts";

/** Receiver of messages. */
export interface Webhook {
  url: string;
  secret: string | undefined;
}

/** Time between the attempts to deliver a message, in milliseconds. */
const RETRY_DELAYS_MS: readonly number[] = [1, 5, 30, 120, 300, 600, 1200].map((seconds) => seconds * 1000);

/** Time that one attempt may take, in milliseconds. */
const ATTEMPT_TIMEOUT_MS = 10_000;

/** Limits of a delivery. */
export interface DeliveryLimits {
  delaysMs: readonly number[];
  attemptMs: number;
}

/**
 * Delivers a message: tries again, each time later, until the receiver accepts it (2xx), refuses it permanently (410), or has been tried often
 * enough.
 * @param before state of an earlier process that delivered the message, whose attempts count
 * @param record records the state before and after each attempt
 */
export async function deliverWebhook(
  { url, secret }: Webhook,
  message: WebhookMessage,
  before: NoticeState,
  record: (state: NoticeState) => void,
  { delaysMs, attemptMs }: DeliveryLimits = { delaysMs: RETRY_DELAYS_MS, attemptMs: ATTEMPT_TIMEOUT_MS },
): Promise<void> {
  const { why: earlier } = before;
  let why = earlier;
  for (let attempts = (before.attempts ?? 0) + 1; ; attempts++) {
    if (attempts > delaysMs.length + 1) {
      return record({
        state: "failed",
        attempts: attempts - 1,
        why: why ?? "the process that delivered it was killed",
      });
    }
    // Before the attempt, so that a process that is killed again and again does not try for ever.
    record({ state: "pending", attempts, ...(why !== undefined && { why }) });
    const outcome = await attempt(url, message, headersOf(message, secret, new Date()), attemptMs);
    if (outcome === undefined) return record({ state: "done", attempts });
    const delay = delaysMs[attempts - 1];
    if (outcome.isFinal || delay === undefined) return record({ state: "failed", attempts, why: outcome.why });
    ({ why } = outcome);
    record({ state: "pending", attempts, why });
    // Spread, because many tasks may have ended while the receiver was away.
    await Bun.sleep(delay * (1 + Math.random() / 5));
  }
}

interface FailedAttempt {
  why: string;
  isFinal: boolean;
}

/** Longest reason in characters. */
const MAX_REASON = 200;

async function attempt(
  url: string,
  { body }: WebhookMessage,
  headers: Record<string, string>,
  timeoutMs: number,
): Promise<FailedAttempt | undefined> {
  try {
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: { ...headers, "user-agent": `codex-mcp-server/${OWN_BUILD.version}` },
      redirect: "manual",
      keepalive: false,
      signal: AbortSignal.timeout(timeoutMs),
    });
    // Nothing in it matters, and it may have no end.
    void response.body?.cancel().catch(() => {});
    if (response.status >= 200 && response.status < 300) return undefined;
    return { why: `the receiver answered with status ${response.status}`, isFinal: response.status === 410 };
  } catch (error) {
    return { why: shorten(describeFault(error, timeoutMs), MAX_REASON), isFinal: false };
  }
}

/** Describes a failure by its code: its message could have the address, which may be secret. */
function describeFault(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return "the request failed";
  if (error.name === "TimeoutError") return `the receiver did not answer within ${timeoutMs / 1000} seconds`;
  return `the receiver could not be reached (${"code" in error ? String(error.code) : error.name})`;
}
