import { writeSync } from "node:fs";
import { VERSION } from "#lib/version.ts";
import { COMMANDS } from "./commands.ts";

/** Prints what this program is and its commands. */
export function printHelp(): number {
  const lines = COMMANDS.filter(({ isHidden }) => isHidden !== true).map(
    ({ name, summary }) => `  ${name.padEnd(10)}${summary}`,
  );
  writeSync(
    1,
    `codex-mcp-server ${VERSION}: an MCP server that hands work to the OpenAI Codex CLI

Usage: codex-mcp-server [command]

${lines.join("\n")}

To set it up, point an MCP client at this binary:
  claude mcp add codex -s user -- ${process.execPath}
`,
  );
  return 0;
}

/** Prints the version. */
export function printVersion(): number {
  writeSync(1, `codex-mcp-server ${VERSION}\n`);
  return 0;
}
