import type { ModelStub, StubRequest } from "./model-stub.ts";

/** Form in which the API says that a limit is reached. */
export type LimitForm =
  /** Codex gets the time to the second, in headers, and to the minute, in the text of its message. */
  | "headers"
  /** Only the headers have the time: Codex's message says "later". */
  | "only headers"
  /** Only Codex's message has the time, to the minute. */
  | "text"
  /** The stream fails; the message has a number of seconds. */
  | "stream"
  /** Nothing has the time. */
  | "no time"
  | "insufficient_quota";

/** What a limit applies to, and how often. */
export interface LimitOptions {
  /** Seconds until the reset of a second limit, which the first request after the first reset reaches. */
  again?: number;
  /** Returns whether a request is under the limit; by default, all are. */
  isLimited?: (request: StubRequest) => boolean;
}

/** A usage limit of the stub's account. */
export interface UsageLimit {
  /** Times of the requests that were refused, and of those that were answered, in milliseconds since 1970. */
  readonly refused: number[];
  readonly answered: number[];
  /** Last reset, in milliseconds since 1970; Codex is told whole seconds. */
  until: number;
}

/** Lets a stub refuse requests until a time, and counts them from now on. */
export function limitUsage(
  stub: ModelStub,
  seconds: number,
  form: LimitForm,
  { again, isLimited = () => true }: LimitOptions = {},
): UsageLimit {
  const limit: UsageLimit = { refused: [], answered: [], until: inSeconds(seconds) };
  let further = again;
  stub.refuse = (request) => {
    if (!isLimited(request)) return undefined;
    const now = Date.now();
    if (now >= limit.until && further !== undefined) {
      limit.until = inSeconds(further);
      further = undefined;
    }
    const isRefused = now < limit.until;
    (isRefused ? limit.refused : limit.answered).push(now);
    return isRefused ? refuse(form, limit.until / 1000) : undefined;
  };
  return limit;
}

function inSeconds(seconds: number): number {
  return (Math.ceil(Date.now() / 1000) + seconds) * 1000;
}

/** Returns the headers with which the API reports an account's limits. @param reset of the first, in seconds since 1970 */
export function limitHeaders(usedPercent: number, reset: number): Record<string, string> {
  return {
    "x-codex-primary-used-percent": String(usedPercent),
    "x-codex-primary-window-minutes": "300",
    "x-codex-primary-reset-at": String(reset),
    "x-codex-secondary-used-percent": "12",
    "x-codex-secondary-window-minutes": "10080",
    "x-codex-secondary-reset-at": String(reset + 400_000),
  };
}

function refuse(form: LimitForm, reset: number): Response {
  const left = Math.max(1, reset - Math.floor(Date.now() / 1000));
  const usage = { type: "usage_limit_reached", message: "The usage limit has been reached", plan_type: "plus" };
  switch (form) {
    case "headers":
      return Response.json(
        { error: { ...usage, resets_at: reset, resets_in_seconds: left } },
        { status: 429, headers: limitHeaders(100, reset) },
      );
    case "only headers":
      return Response.json({ error: usage }, { status: 429, headers: limitHeaders(100, reset) });
    case "text":
      return Response.json({ error: { ...usage, resets_at: reset, resets_in_seconds: left } }, { status: 429 });
    case "no time":
      return Response.json({ error: usage }, { status: 429 });
    case "insufficient_quota":
      return Response.json({ error: { type: form, code: form, message: "You exceeded your quota." } }, { status: 429 });
    case "stream":
      return failedStream(`Rate limit reached for gpt-5 on tokens per min (TPM). Please try again in ${left}s.`);
  }
}

function failedStream(message: string): Response {
  const line = (type: string, fields: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
  const response = { id: "resp_limited", error: { code: "rate_limit_exceeded", message } };
  const text = line("response.created", { response: { id: response.id } }) + line("response.failed", { response });
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}
