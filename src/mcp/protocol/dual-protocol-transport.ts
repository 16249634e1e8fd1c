import type { Transport, TransportSendOptions } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  InitializeRequestSchema,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type RequestId,
} from "@modelcontextprotocol/sdk/types.js";
import { describeIssue } from "#mcp/argument-faults.ts";
import { RPC_CODES } from "./rpc-error.ts";
import { type Fault, findEnvelopeFault, isModern, META, type Params } from "./envelope.ts";
import { handlerNameOf, toModernResponse } from "./modern-protocol.ts";

/** Request that has not been answered. */
interface Pending {
  /** Id that the client gave the request. */
  id: RequestId;
  method: string;
  era: "modern" | "legacy";
}

/**
 * Connects the SDK's server, which speaks the protocol up to 2025-11-25, with a client that speaks that, 2026-07-28, or
 * both. Gives requests new ids: the server would not cancel a request with the id 0, and anything that is sent for a
 * cancelled request has an unknown id and is dropped.
 */
export class DualProtocolTransport implements Transport {
  onmessage?: (message: JSONRPCMessage) => void;
  onclose?: () => void;
  onerror?: (error: Error) => void;
  readonly #client: Transport;
  readonly #pending = new Map<RequestId, Pending>();
  /** Numbers of the unanswered requests by the client's ids. A client may use an id twice at a time. */
  readonly #ids = new Map<RequestId, number>();
  #lastId = 0;
  /** Whether the client has shaken hands and so may send requests without an envelope that identifies the sender. */
  #hasHandshake = false;

  /** @param client connection to the client */
  constructor(client: Transport) {
    this.#client = client;
  }

  async start(): Promise<void> {
    this.#client.onmessage = (message) => this.#receive(message);
    this.#client.onclose = () => this.onclose?.();
    this.#client.onerror = (error) => this.onerror?.(error);
    await this.#client.start();
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async send(message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    // A request to the client: its id is the server's own, and the response comes back with it.
    if (isJSONRPCRequest(message)) return this.#client.send(message);
    if (isJSONRPCNotification(message)) return this.#sendNotification(message, options?.relatedRequestId);
    const { id } = message;
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (id === undefined || pending === undefined) return;
    this.#forget(id, pending);
    const response = pending.era === "modern" ? toModernResponse(pending, message) : message;
    await this.#client.send({ ...response, id: pending.id });
  }

  async #sendNotification(notification: JSONRPCNotification, about: RequestId | undefined): Promise<void> {
    if (about === undefined) return this.#client.send(notification);
    const pending = this.#pending.get(about);
    if (pending === undefined) return;
    await this.#client.send(pending.method === "subscriptions/listen" ? tag(notification, pending.id) : notification);
  }

  #receive(message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message)) return this.#receiveRequest(message);
    if (!isJSONRPCNotification(message) || message.method !== "notifications/cancelled") {
      return this.onmessage?.(message);
    }
    const id = this.#ids.get(requestIdOf(message) ?? "");
    const pending = id === undefined ? undefined : this.#pending.get(id);
    if (id === undefined || pending === undefined) return;
    this.#forget(id, pending);
    this.onmessage?.({ ...message, params: { ...message.params, requestId: id } });
  }

  #receiveRequest(request: JSONRPCRequest): void {
    const era = isModern(request.params) ? "modern" : "legacy";
    const fault = era === "modern" ? findEnvelopeFault(request.params?._meta) : this.#findHandshakeFault(request);
    if (fault !== undefined) {
      void this.#client.send({ jsonrpc: "2.0", id: request.id, error: fault });
      return;
    }
    if (era === "legacy" && request.method === "initialize") this.#hasHandshake = true;
    const id = ++this.#lastId;
    this.#pending.set(id, { id: request.id, method: request.method, era });
    this.#ids.set(request.id, id);
    const params = request.params && withoutTaskWish(request.params);
    this.onmessage?.({ ...request, id, method: handlerNameOf(request.method, era), ...(params && { params }) });
  }

  #findHandshakeFault(request: JSONRPCRequest): Fault | undefined {
    const { method } = request;
    if (method === "initialize") return findInitializeFault(request);
    if (this.#hasHandshake || method === "ping") return undefined;
    const message = `${method} came before initialize, and without _meta["${META.version}"].`;
    return { code: RPC_CODES.invalidParams, message };
  }

  #forget(ours: RequestId, { id }: Pending): void {
    this.#pending.delete(ours);
    if (this.#ids.get(id) === ours) this.#ids.delete(id);
  }
}

function findInitializeFault(request: JSONRPCRequest): Fault | undefined {
  const { error } = InitializeRequestSchema.safeParse(request);
  if (error === undefined) return undefined;
  const faults = error.issues.slice(0, 5).map((issue) => describeIssue(issue, { ...request }));
  return { code: RPC_CODES.invalidParams, message: `The request has wrong parameters: ${faults.join("; ")}.` };
}

/** Removes a request for a task: in 2025-11-25, a server without tasks of that kind must ignore it. */
function withoutTaskWish({ task: _task, ...params }: Params): Params {
  return params;
}

function requestIdOf({ params }: JSONRPCNotification): RequestId | undefined {
  const id = params?.["requestId"];
  return typeof id === "string" || typeof id === "number" ? id : undefined;
}

function tag(notification: JSONRPCNotification, subscriptionId: RequestId): JSONRPCNotification {
  const { params } = notification;
  return {
    ...notification,
    params: { ...params, _meta: { ...params?._meta, [META.subscriptionId]: subscriptionId } },
  };
}
