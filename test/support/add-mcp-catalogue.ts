// Prints what the npm package add-mcp knows of clients as if it ran on the platform that the first argument names.
import { platform } from "node:process";

const [, , wanted = platform] = process.argv;
Object.defineProperty(process, "platform", { value: wanted });
const { agents } = await import("add-mcp");
const server = { command: "/bin/server", args: ["a"], env: { A: "1" } };
const known = Object.values(agents).map(
  ({ name, configPath, localConfigPath, configKey, format, transformConfig }) => ({
    name,
    path: configPath,
    project: localConfigPath,
    key: configKey,
    format,
    full: transformConfig("codex", server, { local: false, configKey }),
    plain: transformConfig("codex", { command: "/bin/server", args: [] }, { local: false, configKey }),
  }),
);
console.log(JSON.stringify(known));
