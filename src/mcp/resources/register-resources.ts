import type { Server } from "@modelcontextprotocol/sdk/server/index.js";
import {
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ReadResourceRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import type { ChangeWatch } from "#mcp/change-watch.ts";
import { onRequest } from "#mcp/protocol/on-request.ts";
import { RpcError, toRpcError } from "#mcp/protocol/rpc-error.ts";
import type { Session } from "#mcp/session.ts";
import { listResources, readResource, resourceSignature, resourceTemplates } from "./task-resources.ts";

/** Lists and reads the tasks as resources. Clients of the older revisions may subscribe to them. */
export function registerResources(server: Server, session: Session, watch: ChangeWatch): void {
  const subscriptions = new Map<string, () => void>();
  const unsubscribe = (uri: string) => {
    subscriptions.get(uri)?.();
    subscriptions.delete(uri);
  };
  onRequest(server, ListResourcesRequestSchema, async () => ({ resources: await listResources(session.open()) }));
  onRequest(server, ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: resourceTemplates() }));
  onRequest(server, ReadResourceRequestSchema, ({ uri }) =>
    readResource(session.open(), uri).catch((error: unknown) => {
      const { code, message, data } = toRpcError(error);
      throw new RpcError(code, message, { ...data, uri });
    }),
  );
  onRequest(server, SubscribeRequestSchema, async ({ uri }) => {
    const look = () => resourceSignature(session.open(), uri);
    const stop = await watch.watch(look, () => void server.sendResourceUpdated({ uri }));
    unsubscribe(uri);
    subscriptions.set(uri, stop);
    return {};
  });
  onRequest(server, UnsubscribeRequestSchema, ({ uri }) => {
    unsubscribe(uri);
    return {};
  });
}
