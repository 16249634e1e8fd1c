import * as v from "valibot";
import { AppError } from "#base/errors.ts";
import { AppServerError } from "./app-server-error.ts";
import { closedError, type Wire } from "./wire.ts";

const MessageSchema = v.looseObject({
  id: v.optional(v.union([v.string(), v.number()])),
  method: v.optional(v.string()),
  params: v.optional(v.unknown()),
  result: v.optional(v.unknown()),
  error: v.optional(v.looseObject({ code: v.nullish(v.number(), 0), message: v.nullish(v.string(), "") })),
});

/** Time in which the app-server must answer, in milliseconds. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Largest message in bytes that is read: outputs of commands are cut to 64 KB by the app-server. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** Handlers for what the app-server sends without being asked. */
export interface ConnectionHandlers {
  notified: (method: string, params: unknown) => void;
  /** Answers a request; undefined: another client has answered it. An error thrown here becomes the answer's error. */
  asked: (method: string, params: unknown, id: string | number) => Promise<object | undefined>;
}

/** Sends a request to the app-server. @throws AppServerError */
export type Request = (method: string, params: object) => Promise<unknown>;

/** Connection to a `codex app-server`: JSON-RPC without a `jsonrpc` member. */
export class AppServerConnection {
  readonly #wire: Wire;
  readonly #handlers: ConnectionHandlers;
  readonly #waiting = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>();
  /** Id of the last request. An answer to an earlier process must not be taken for one to this. */
  #lastId = Date.now();
  /** Resolves when the connection is closed. */
  readonly closed: Promise<void>;

  private constructor(wire: Wire, handlers: ConnectionHandlers) {
    this.#wire = wire;
    this.#handlers = handlers;
    this.closed = wire.closed.then(() => this.#fail(closedError()));
    wire.listen((data) => this.#receive(data));
  }

  /**
   * Introduces this program to the app-server.
   * @throws AppServerError if it does not answer
   */
  static async open(wire: Wire, handlers: ConnectionHandlers): Promise<AppServerConnection> {
    const connection = new AppServerConnection(wire, handlers);
    const introduction = connection.request("initialize", {
      clientInfo: { name: "codex-mcp-server", title: "codex-mcp-server", version: "1" },
      capabilities: { experimentalApi: true, optOutNotificationMethods: UNWANTED },
    });
    await introduction.catch((error: unknown) => {
      // Through pipes, an earlier process may have introduced itself.
      if (!(error instanceof AppServerError) || !/already initialized/i.test(error.message)) throw error;
    });
    connection.#send({ method: "initialized" });
    return connection;
  }

  /**
   * Sends a request.
   * @returns its result
   * @throws AppServerError with the app-server's own message
   */
  async request(method: string, params: object): Promise<unknown> {
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    const timer = setTimeout(
      () => reject(new AppServerError(`The app-server did not answer ${method} within ${ANSWER_TIMEOUT_MS / 1000} s.`)),
      ANSWER_TIMEOUT_MS,
    );
    try {
      // It throws if the connection is closed.
      this.#send({ id, method, params });
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  /** Closes the connection; the app-server, and a turn in it, continue. */
  close(): void {
    this.#wire.close();
  }

  #send(message: object): void {
    // A message with half of a surrogate pair would be dropped without an answer.
    this.#wire.send(JSON.stringify(message, (_key, value: unknown) => toWellFormed(value)));
  }

  #receive(data: string): void {
    const message = parseMessage(data);
    if (message === undefined) return;
    const { id, method, params, result, error } = message;
    if (method === undefined) {
      const waiting = typeof id === "number" ? this.#waiting.get(id) : undefined;
      if (error === undefined) waiting?.resolve(result);
      else waiting?.reject(new AppServerError(error.message));
    } else if (id === undefined) this.#handlers.notified(method, params);
    else void this.#answer(id, method, params);
  }

  /** Answers a request of the app-server: one without an answer would stop the turn. */
  async #answer(id: string | number, method: string, params: unknown): Promise<void> {
    try {
      const result = await this.#handlers.asked(method, params, id);
      if (result !== undefined) this.#send({ id, result });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#tryToSend({ id, error: { code: -32_601, message } });
    }
  }

  #tryToSend(message: object): void {
    try {
      this.#send(message);
    } catch (error) {
      // The app-server is gone, and waits for no answer.
      if (!(error instanceof AppServerError)) throw error;
    }
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** Notifications that are not needed, and may be many. */
const UNWANTED = [
  "item/agentMessage/delta",
  "item/reasoning/summaryTextDelta",
  "item/reasoning/textDelta",
  "item/commandExecution/outputDelta",
  "item/fileChange/outputDelta",
];

/** Replaces halves of surrogate pairs in a text, or in the keys of an object. */
function toWellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key.toWellFormed(), each]));
}

function parseMessage(data: string): v.InferOutput<typeof MessageSchema> | undefined {
  if (data.length > MAX_MESSAGE_BYTES) return undefined;
  try {
    const parsed = v.safeParse(MessageSchema, JSON.parse(data));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Returns a field of an answer's object. @throws AppError `codex_incompatible` if it is not there */
export function readField<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  what: string,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  throw new AppError(
    "codex_incompatible",
    `Codex's app-server answered ${what} in a form that this server does not know.`,
    "Set CODEXMCP_ENGINE=exec, or update this server.",
  );
}
