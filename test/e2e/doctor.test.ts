import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, openSync, readdirSync, rmSync, symlinkSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Finding } from "#doctor/finding.ts";
import { processMarkerOf } from "#domain/names.ts";
import { runCli } from "../support/command-line.ts";
import { canMountDisks, mountDisk, remountDisk, unmountDisk } from "../support/disk.ts";
import { writeOldTasks } from "../support/old-tasks.ts";
import { writeProfile } from "../support/codex-version.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(() => world.close());

const canMount = canMountDisks();
if (!canMount) console.warn("SKIPPED: doctor on full and read-only disks, since none can be mounted here (needs root)");

interface Report {
  exitCode: number;
  findings: (Finding & { mend?: string })[];
  /** What a person is shown. */
  text: string;
}

async function examine(more: Record<string, string | undefined> = {}): Promise<Report> {
  const json = await runCli(world, ["doctor", "--json"], more);
  const { findings, ok } = JSON.parse(json.stdout) as { findings: (Finding & { mend?: string })[]; ok: boolean };
  expect(ok).toBe(json.exitCode === 0);
  const words = await runCli(world, ["doctor"], more);
  expect(words.exitCode).toBe(json.exitCode);
  return { exitCode: json.exitCode, findings, text: words.stdout };
}

/** Checks that exactly this is found wrong, and that the person is shown it and the fix. */
function expectFinding(
  report: Report,
  check: string,
  status: "warning" | "problem",
  message: string,
  fix: string,
): void {
  const found = report.findings.filter((finding) => finding.check === check);
  expect(found).toEqual([
    {
      check,
      status,
      message: expect.stringContaining(message) as string,
      fix: expect.stringContaining(fix) as string,
      mend: expect.stringContaining(fix) as string, // its former name, for one release
    },
  ]);
  // That no client is set up in this world is said each time.
  const others = report.findings.filter(
    (finding) => finding.status !== "ok" && !["clients", check].includes(finding.check),
  );
  expect(others).toEqual([]);
  expect(report.exitCode).toBe(status === "problem" ? 1 : 0);
  const found1 = found[0];
  expect(report.text).toContain(`${status === "problem" ? "✗" : "!"} ${check.replaceAll("_", " ")}`);
  expect(report.text).toContain(`→ ${found1?.fix}`);
}

/** A folder with only these programs in it, for PATH. */
function pathWith(...programs: string[]): string {
  const bin = world.folder("only");
  for (const program of programs) symlinkSync(Bun.which(program) ?? "", join(bin, program));
  return bin;
}

function fakeCodex(folder: string, script: string): string {
  const path = join(world.folder(folder), "codex");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const realCodex = () => world.environment()["CODEXMCP_CODEX_BIN"] ?? "";

test("where all is well it says so, changes nothing, and ends with 0", async () => {
  const report = await examine();
  expect(report.findings.filter(({ status }) => status !== "ok").map(({ check }) => check)).toEqual(["clients"]);
  expect(report.exitCode).toBe(0);
  for (const check of [
    "codex",
    "login",
    "git",
    "tmux",
    "sandbox",
    "landlock",
    "state_folder",
    "disk_space",
    "database",
  ]) {
    expect(report.findings.map((finding) => finding.check)).toContain(check);
  }
  expect(readdirSync(world.home)).not.toContain(".codexmcp");
  await runCli(world, ["install", "cursor", "--yes"]);
  expect((await examine()).text).toContain('Cursor: "codex" starts');
});

describe("a broken set-up is named, with its fix", () => {
  test("1 Codex is missing", async () => {
    const report = await examine({ CODEXMCP_CODEX_BIN: undefined, PATH: pathWith("git", "tmux", "sh") });
    expectFinding(report, "codex", "problem", "not in this server's PATH", "npm install -g @openai/codex");
  });

  test("2 Codex is not logged in", async () => {
    const codexHome = world.folder("no-account");
    expectFinding(await examine({ CODEX_HOME: codexHome }), "login", "problem", "Not logged in", "codex login");
    const report = await examine({ STUB_KEY: undefined });
    expectFinding(report, "login", "problem", "needs STUB_KEY, which is not set", "the MCP client's configuration");
  });

  test("3 Codex is too old", async () => {
    const codex = fakeCodex(
      "old",
      `if [ "$1" = --version ]; then echo codex-cli 0.40.0; else exec '${realCodex()}' "$@"; fi`,
    );
    const report = await examine({ CODEXMCP_CODEX_BIN: codex });
    expectFinding(report, "codex", "problem", "0.40.0", "@openai/codex@latest");
  });

  test("4 tmux is missing", async () => {
    const report = await examine({ PATH: pathWith("git", "sh", "true", "node") });
    expectFinding(report, "tmux", "problem", "tmux is not in this server's PATH", "apt install tmux");
  });

  test.skipIf(!canMount)("5 the state folder cannot be written", async () => {
    const disk = world.folder("disk");
    mountDisk(disk, "600m");
    try {
      mkdirSync(join(disk, "state"), { mode: 0o700 });
      remountDisk(disk, "ro");
      const report = await examine({ CODEXMCP_HOME: join(disk, "state") });
      expectFinding(report, "state_folder", "problem", "not writable", "CODEXMCP_HOME");
      expectFinding(
        await examine({ CODEXMCP_HOME: join(disk, "new") }),
        "state_folder",
        "problem",
        disk,
        "CODEXMCP_HOME",
      );
    } finally {
      unmountDisk(disk);
    }
  });

  test("6 the index is damaged, at its head or within; its fix works", async () => {
    writeOldTasks(world.stateHome, 200);
    chmodSync(world.stateHome, 0o700);
    const database = join(world.stateHome, "codexmcp.db");
    const keep = { CODEXMCP_KEEP_TASKS: "1000" };
    await runCli(world, ["tasks"], keep);
    const file = openSync(database, "r+");
    for (let page = 1; page < 8; page++) writeSync(file, Buffer.alloc(4096, 0xaa), 0, 4096, page * 4096);
    rmSync(`${database}-wal`, { force: true });
    const within = await examine();
    expectFinding(within, "database", "problem", "damaged", `mv '${database}'`);
    const fix = within.findings.find(({ check }) => check === "database")?.fix?.match(/`(mv [^`]*)`/)?.[1] ?? "";
    await world.run(world.root, ["/bin/sh", "-c", fix]);
    expect((await runCli(world, ["tasks", "--limit", "1000"], keep)).stdout.split("\n")).toHaveLength(202);
    expect((await examine(keep)).findings.find(({ check }) => check === "database")?.status).toBe("ok");
    writeFileSync(database, "no database at all, but long enough to be taken for one");
    expectFinding(await examine(), "database", "problem", "damaged", "mv ");
  });

  test.skipIf(!canMount)("7 the disk is nearly full", async () => {
    const disk = world.folder("disk");
    mountDisk(disk, "8m");
    try {
      const report = await examine({ CODEXMCP_HOME: join(disk, "state") });
      expectFinding(report, "disk_space", "problem", "MiB are free", "codex-mcp-server clean");
    } finally {
      unmountDisk(disk);
    }
  });

  test("8 Codex's sandbox cannot work; with the fallback that is no problem", async () => {
    const codex = fakeCodex("no-sandbox", `if [ "$1" = sandbox ]; then exit 1; fi; exec '${realCodex()}' "$@"`);
    const report = await examine({ CODEXMCP_CODEX_BIN: codex });
    expectFinding(report, "sandbox", "problem", "user namespaces", "CODEXMCP_READONLY_FALLBACK=auto");
    expect((await examine({ CODEXMCP_CODEX_BIN: codex, CODEXMCP_READONLY_FALLBACK: "auto" })).exitCode).toBe(0);
  });

  test("9 a worktree without its folder; its fix works", async () => {
    world.stub.script("HELLO", [{ say: "Done." }]);
    const client = await world.client();
    const cwd = await world.repository();
    await client.call("codex", { prompt: "HELLO", cwd, topic: "implement-gone-v1", sandbox: "full-access" });
    rmSync(`${cwd}-agent-implement-gone`, { recursive: true });
    const fix = `git -C '${cwd}' worktree prune`;
    expectFinding(await examine(), "worktrees", "warning", `${cwd}-agent-implement-gone`, fix);
    await world.run(world.root, ["/bin/sh", "-c", fix]);
    expect((await examine()).findings.find(({ check }) => check === "worktrees")?.status).toBe("ok");
  });

  test("10 a process that a task has left behind", async () => {
    writeOldTasks(world.stateHome, 1);
    chmodSync(world.stateHome, 0o700);
    const { name, value } = processMarkerOf(world.stateHome, "codex-review-old_0-v1", 1);
    const orphan = Bun.spawn(["sleep", "60"], { env: world.environment({ [name]: value }) });
    try {
      await runCli(world, ["tasks"]);
      const report = await examine();
      expectFinding(report, "processes", "warning", `${orphan.pid} (of codex-review-old_0-v1)`, `kill ${orphan.pid}`);
    } finally {
      orphan.kill();
      await orphan.exited;
    }
  });

  test("11 an unknown profile", async () => {
    writeProfile(world.codexHome, "fast", 'model = "gpt-5"');
    const report = await examine({ CODEX_PROFILE: "slow" });
    expectFinding(report, "profile", "problem", 'no profile "slow"', "Use one of these profiles: fast");
    expect((await examine({ CODEX_PROFILE: "fast" })).exitCode).toBe(0);
  });

  test("12 two installed versions", async () => {
    fakeCodex("other", `if [ "$1" = --version ]; then echo codex-cli 0.150.0; else exec '${realCodex()}' "$@"; fi`);
    symlinkSync(realCodex(), join(world.folder("bin"), "codex"));
    const path = `${world.folder("bin")}:${world.folder("other")}:${pathWith("git", "tmux", "sh", "true", "node")}`;
    const report = await examine({ CODEXMCP_CODEX_BIN: undefined, PATH: path });
    expectFinding(report, "codex_versions", "warning", "0.150.0 at", "CODEXMCP_CODEX_BIN");
  });

  test("and more: a wrong variable, a folder open to others, a client that starts nothing", async () => {
    const wrong = await examine({ CODEXMCP_KEEP_TASKS: "many" });
    expectFinding(wrong, "environment", "problem", "CODEXMCP_KEEP_TASKS", "Correct or remove");
    mkdirSync(world.stateHome);
    chmodSync(world.stateHome, 0o755);
    expectFinding(await examine(), "state_folder", "warning", "open to other users (0755)", "chmod 0700");
    chmodSync(world.stateHome, 0o700);
    mkdirSync(join(world.home, ".cursor"));
    const entry = { mcpServers: { codex: { command: "/gone/codex-mcp-server" } } };
    writeFileSync(join(world.home, ".cursor", "mcp.json"), JSON.stringify(entry));
    expectFinding(
      await examine(),
      "clients",
      "warning",
      "/gone/codex-mcp-server, which does not exist",
      "install cursor",
    );
  });
});
