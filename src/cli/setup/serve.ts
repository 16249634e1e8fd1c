import { startLogging } from "#base/log.ts";
import { defineCommand } from "#cli/framework/command.ts";

export const serveCommand = defineCommand({
  name: "serve",
  group: "clients",
  summary: "Serve MCP on stdin and stdout",
  details:
    "MCP clients start this command, and it runs until they disconnect. It is the default if stdin or stdout is not a " +
    "terminal.",
  examples: [["serve", "Answer MCP messages until stdin ends"]],
  run: async () => {
    startLogging(process.env["CODEXMCP_LOG_LEVEL"]);
    // Imported here, so that no other command loads the SDK and zod, which takes more than 10 ms.
    const { serveStdio } = await import("#mcp/server.ts");
    await serveStdio();
    return undefined;
  },
});
