// An MCP server for Codex whose tool asks its user: run with bun.
import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";

/** Path of this program. */
export const ASKING_MCP_SERVER = import.meta.path;

if (import.meta.main) await serve();

async function serve(): Promise<void> {
  const server = new Server({ name: "shop", version: "1" }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: [{ name: "order", inputSchema: { type: "object" }, annotations: { readOnlyHint: true } }],
  }));
  server.setRequestHandler(CallToolRequestSchema, async () => {
    const properties = { count: { type: "integer" as const, title: "How many" } };
    const requestedSchema = { type: "object" as const, properties, required: ["count"] };
    const result = await server.elicitInput({ message: "Your order", requestedSchema });
    return { content: [{ type: "text", text: `ordered ${JSON.stringify(result)}` }] };
  });
  await server.connect(new StdioServerTransport());
}
