import { expect, test } from "bun:test";
import { join } from "node:path";
import type { Machine } from "#install/clients/machine.ts";
import { CLIENTS } from "#install/clients/client-table.ts";
import { toFields } from "#install/server-entry.ts";

/** Names of the same clients in add-mcp. */
const NAMES: Record<string, string> = {
  "copilot-cli": "github-copilot-cli",
  kiro: "kiro-cli",
  kilo: "kilo-code",
  kimi: "kimi-code",
  grok: "grok-build",
};

/** Clients that add-mcp knows and the table does not list. */
const UNLISTED: Record<string, string> = {
  fx: "little known, and not tried with this server",
  mastracode: "little known, and not tried with this server",
  mcporter: "no agent: it calls servers from scripts, and imports the entries of other clients",
  pi: "reads the file with an extension only, and not tried with this server",
};

/** Clients of the table that add-mcp does not know; their sources are their own manuals. */
const UNKNOWN = ["junie", "qwen", "trae", "lm-studio"];

/** Fields beyond those of add-mcp that a client's own manual has. */
const MORE: Record<string, object> = { vscode: { type: "stdio" } };

interface Known {
  name: string;
  path: string;
  project?: string;
  key: string;
  format: string;
  full: object;
  plain: object;
}

const home = "/home/me";

async function readCatalogue(platform: string): Promise<Known[]> {
  const script = join(import.meta.dir, "..", "support", "add-mcp-catalogue.ts");
  const run = Bun.spawn([process.execPath, script, platform], {
    env: { PATH: process.env["PATH"], HOME: home, APPDATA: "/app-data" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  return (await run.stdout.json()) as Known[];
}

/** Returns an entry without the fields that are empty. */
function withoutEmpty(fields: object): object {
  const isEmpty = (value: unknown) =>
    value === "" || (typeof value === "object" && Object.keys(value ?? {}).length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && !isEmpty(value)));
}

test.each(["linux", "darwin", "win32"] as const)("the table says what add-mcp says of %s", async (platform) => {
  const machine: Machine = { platform, home, environment: { APPDATA: "/app-data" } };
  const catalogue = await readCatalogue(platform);
  expect(catalogue.length).toBeGreaterThan(20);
  const listed = new Set<string>();
  for (const { id, userFiles, projectFiles, format } of CLIENTS) {
    const known = catalogue.find(({ name }) => name === (NAMES[id] ?? id));
    if (known === undefined) {
      expect(UNKNOWN).toContain(id);
      continue;
    }
    listed.add(known.name);
    const shaped = (env: Record<string, string>, args: string[]) =>
      withoutEmpty(toFields("codex", { command: "/bin/server", args, env }, format.shape));
    expect([id, userFiles(machine)[0], projectFiles?.[0]]).toEqual([id, known.path, known.project]);
    expect([id, format.key, format.language]).toEqual([id, known.key, known.format as "json"]);
    expect(shaped({ A: "1" }, ["a"])).toEqual({ ...withoutEmpty(known.full), ...MORE[id] });
    expect(shaped({}, [])).toEqual({ ...withoutEmpty(known.plain), ...MORE[id] });
  }
  const others = catalogue.map(({ name }) => name).filter((name) => !listed.has(name));
  expect(others.toSorted()).toEqual(Object.keys(UNLISTED).toSorted());
});

test("a client's identifier, title and file belong to it alone", () => {
  const machine: Machine = { platform: "linux", home, environment: {} };
  for (const values of [
    CLIENTS.map(({ id }) => id),
    CLIENTS.map(({ title }) => title),
    CLIENTS.flatMap(({ userFiles }) => userFiles(machine)),
  ]) {
    expect(values).toEqual([...new Set(values)]);
  }
});
