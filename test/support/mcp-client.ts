import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { CallToolResultSchema } from "@modelcontextprotocol/sdk/types.js";

/** What a tool answered. */
export interface ToolAnswer {
  isError: boolean;
  /** The structured content; on errors, the text's JSON. */
  data: Record<string, unknown>;
}

/** What a request was refused with. @throws where it was not refused */
export async function refusal(request: Promise<unknown>): Promise<string> {
  const answer = await request.catch((error: unknown) => error);
  if (answer instanceof Error) return answer.message;
  throw new Error(`it was not refused: ${JSON.stringify(answer)}`);
}

/** A real MCP client with a server process of its own. */
export class McpClient {
  readonly #client: Client;
  readonly #transport: StdioClientTransport;
  /** What the server wrote to stderr. */
  stderr = "";

  private constructor(client: Client, transport: StdioClientTransport) {
    this.#client = client;
    this.#transport = transport;
    transport.stderr?.on("data", (chunk: Buffer) => (this.stderr += chunk.toString()));
  }

  /** Starts a server and shakes hands with it. */
  static async start(command: readonly string[], env: Record<string, string>, cwd: string): Promise<McpClient> {
    const [program = "", ...args] = command;
    const transport = new StdioClientTransport({ command: program, args, env, cwd, stderr: "pipe" });
    const client = new Client({ name: "test", version: "1" });
    const self = new McpClient(client, transport);
    await client.connect(transport);
    // The client then checks structured content against the output schemas.
    await client.listTools();
    return self;
  }

  get pid(): number {
    return this.#transport.pid ?? 0;
  }

  get sdk(): Client {
    return this.#client;
  }

  /** Calls a tool. */
  async call(name: string, args: object): Promise<ToolAnswer> {
    const result = CallToolResultSchema.parse(
      await this.#client.callTool({ name, arguments: { ...args } }, CallToolResultSchema, { timeout: 120_000 }),
    );
    const [first] = result.content;
    const text = first?.type === "text" ? first.text : "{}";
    const data = result.structuredContent ?? (JSON.parse(text) as Record<string, unknown>);
    return { isError: result.isError === true, data };
  }

  /** Ends the session as clients do: stdin is closed, the server goes by itself. */
  async close(): Promise<void> {
    await this.#client.close();
  }
}
