import type { Transport, TransportSendOptions } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type JSONRPCNotification,
  type JSONRPCRequest,
  type RequestId,
} from "@modelcontextprotocol/sdk/types.js";
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
    if (isJSONRPCRequest(message)) throw new Error("this server sends no requests to its client");
    if (isJSONRPCNotification(message)) return this.#sendNotification(message, options?.relatedRequestId);
    const pending = message.id === undefined ? undefined : this.#pending.get(message.id);
    if (pending === undefined) return;
    this.#forget(pending);
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
    if (pending === undefined) return;
    this.#forget(pending);
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

  #findHandshakeFault({ method }: JSONRPCRequest): Fault | undefined {
    if (this.#hasHandshake || method === "initialize" || method === "ping") return undefined;
    const message = `${method} came before initialize, and without _meta["${META.version}"].`;
    return { code: RPC_CODES.invalidParams, message };
  }

  #forget({ id }: Pending): void {
    const ours = this.#ids.get(id);
    this.#ids.delete(id);
    if (ours !== undefined) this.#pending.delete(ours);
  }
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
