import { expect, test } from "bun:test";
import { identifyServer } from "#platform/server-programs.ts";

const OURS = "codex-mcp-server";
const CODEX = "codex mcp-server";

test.each([
  [OURS, "codex-mcp-server"],
  [OURS, "/home/me/.local/bin/codex-mcp-server"],
  [OURS, "/opt/codex-mcp-server-linux-x64-musl serve"],
  [OURS, "C:\\tools\\codex-mcp-server.exe"],
  [OURS, "npx -y codex-mcp-server@1.2.3"],
  [OURS, "env -u DEBUG CODEX_HOME=/x codex-mcp-server"],
  [OURS, "cmd /c npx -y codex-mcp-server"],
  [OURS, `bun ${Bun.main} serve`],
  [OURS, "C:\\x\\codex-mcp-server-windows-x64.exe"],
  ["other", "codex-mcp-server-wrapper"],
  ["other", "npx -y codex-mcp-server-plus"],
  ["other", "/opt/codex-mcp-server.py"],
  ["other", "npx -p codex-mcp-server another"],
  [CODEX, "volta run --node 20 codex mcp-server"],
  [CODEX, "fnm exec --using 20 codex mcp-server"],
  [CODEX, "op run --env-file x.env -- codex mcp-server"],
  [CODEX, "sudo -u me codex mcp-server"],
  [CODEX, "powershell -NoProfile -ExecutionPolicy Bypass -Command codex mcp-server"],
  [CODEX, "codex mcp-server"],
  [CODEX, "codex mcp"],
  [CODEX, "codex mcp serve"],
  [CODEX, "/opt/homebrew/bin/codex -c model=o3 --profile work mcp-server"],
  [CODEX, "codex.cmd mcp-server"],
  [CODEX, "C:\\Users\\me\\AppData\\Roaming\\npm\\codex.cmd mcp-server"],
  [CODEX, "npx -y @openai/codex mcp-server"],
  [CODEX, "npx --yes -p @openai/codex codex mcp-server"],
  [CODEX, "bunx @openai/codex@0.153.0 mcp-server"],
  [CODEX, "pnpm dlx @openai/codex@latest mcp-server"],
  [CODEX, "npm exec --yes -- @openai/codex mcp-server"],
  [CODEX, "cmd /c npx -y @openai/codex mcp-server"],
  [CODEX, "wsl -d Ubuntu codex mcp-server"],
  [CODEX, "node /usr/lib/node_modules/@openai/codex/bin/codex.js mcp-server"],
  [CODEX, "codex-x86_64-unknown-linux-musl mcp-server"],
  ["other", "codex mcp list"],
  ["other", "codex exec mcp-server"],
  ["other", "my-server --name codex-mcp-server"],
  ["other", "python server.py codex-mcp-server-settings.json"],
  ["other", "npx -y other-server codex-mcp-server"],
  ["other", "npx -y @somebody/codex-mcp-server"],
  ["other", "docker run -i codex mcp-server"],
  ["other", "notcodex mcp-server"],
  ["other", ""],
] as const)("%s is what starts with %p", (program, line) => {
  const [command = "", ...args] = line.split(" ");
  expect(identifyServer(command, args)).toBe(program);
});

test("a command line in one argument of a shell is read", () => {
  expect(identifyServer("sh", ["-c", "exec '/usr/bin/codex' mcp-server"])).toBe(CODEX);
  expect(identifyServer("sh", ["-c", 'CODEX_HOME="/a b" codex mcp-server'])).toBe(CODEX);
  expect(identifyServer("sh", ["-c", "A=b"])).toBe("other");
  expect(identifyServer("cmd.exe", ["/d", "/s", "/c", '"C:\\x\\codex.cmd" mcp-server'])).toBe(CODEX);
});
