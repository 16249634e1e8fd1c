import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { makeRelease, RELEASE } from "../support/release.ts";

const SCRIPT = join(RELEASE, "install.sh");
const VERSION = "/download/v0.1.0/";

let scratch: string;
let server: Bun.Server<undefined>;
/** The paths that were asked for. */
let asked: string[];
/** Files served instead of the release's. */
let instead: Record<string, string | Uint8Array>;

beforeAll(async () => {
  await makeRelease();
  // As GitHub serves a release's files.
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      asked.push(pathname);
      const name = pathname.split("/").at(-1) ?? "";
      const isThere = pathname.startsWith("/latest/download/") || pathname.startsWith(VERSION);
      if (!isThere) return new Response("", { status: 404 });
      const replaced = instead[name];
      if (replaced !== undefined) return new Response(replaced);
      return existsSync(join(RELEASE, name))
        ? new Response(Bun.file(join(RELEASE, name)))
        : new Response("", { status: 404 });
    },
  });
}, 900_000);
afterAll(() => server.stop(true));
beforeEach(() => {
  scratch = mkdtempSync("/var/tmp/codexmcp-install-");
  asked = [];
  instead = {};
});
afterEach(() => rmSync(scratch, { recursive: true }));

const installed = () => join(scratch, ".local", "bin", "codex-mcp-server");
const manual = () => join(scratch, ".local", "share", "man", "man1", "codex-mcp-server.1");

async function run(args: readonly string[] = [], more: Record<string, string> = {}) {
  const child = Bun.spawn(["/bin/sh", SCRIPT, ...args], {
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: scratch,
      TMPDIR: scratch,
      CODEXMCP_RELEASES: `http://127.0.0.1:${server.port}`,
      ...more,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [exitCode, stdout, stderr] = await Promise.all([child.exited, child.stdout.text(), child.stderr.text()]);
  return { exitCode, stdout, stderr };
}

/** A PATH in which some programs answer as those of another machine. */
function machine(programs: Record<string, string>): Record<string, string> {
  const bin = join(scratch, "bin");
  mkdirSync(bin);
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  return { PATH: `${bin}:${process.env["PATH"]}` };
}

const canRun = process.platform === "linux" && process.arch === "x64";
if (!canRun) console.warn("SKIPPED: install.sh is tried with the builds for linux-x64 only");

describe.skipIf(!canRun)("on this machine", () => {
  test("installs to a user path, says what to do next, leaves nothing else", async () => {
    const { exitCode, stdout, stderr } = await run();
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`installed ${installed()} (linux-x64)`);
    expect(stdout).toContain("is not in PATH");
    expect(stdout).toContain(`${installed()} doctor`);
    expect(Bun.spawnSync([installed(), "--version"]).stdout.toString()).toContain("for linux-x64,");
    expect(readdirSync(scratch)).toEqual([".local"]);
    expect(readdirSync(join(scratch, ".local", "bin"))).toEqual(["codex-mcp-server"]);
    expect(stdout).toContain(`installed ${manual()}`);
    expect(readFileSync(manual(), "utf8")).toStartWith(".TH CODEX-MCP-SERVER 1 ");
    expect(statSync(manual()).mode & 0o777).toBe(0o644);
    expect(readdirSync(dirname(manual()))).toEqual(["codex-mcp-server.1"]);
  });

  test("installs the program where the manual page cannot be", async () => {
    mkdirSync(join(scratch, ".local"));
    writeFileSync(join(scratch, ".local", "share"), "");
    const { exitCode, stdout, stderr } = await run();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
    expect(stdout).toContain(`installed ${installed()}`);
    expect(stdout).not.toContain("share/man");
  });

  test("a second run changes nothing", async () => {
    await run();
    const before = statSync(installed());
    const { exitCode, stdout } = await run();
    const after = statSync(installed());
    expect(stdout).toContain("nothing was changed");
    expect([after.ino, after.mtimeMs, exitCode]).toEqual([before.ino, before.mtimeMs, 0]);
  });

  test("a tampered archive is refused, and what was installed stays", async () => {
    await run();
    const before = readFileSync(installed());
    const name = "codex-mcp-server-linux-x64.tar.gz";
    const archive = readFileSync(join(RELEASE, name));
    archive[archive.length >> 1] = (archive[archive.length >> 1] ?? 0) ^ 1;
    instead = { [name]: archive };
    const { exitCode, stdout, stderr } = await run();
    expect(exitCode).toBe(1);
    expect(stderr).toContain("tampered");
    expect(stdout).toBe("");
    expect(readFileSync(installed()).equals(before)).toBe(true);
  });

  test("a list of checksums that does not name it is refused", async () => {
    instead = { SHA256SUMS: `${"0".repeat(64)}  something-else\n` };
    const { exitCode, stderr } = await run();
    expect(stderr).toContain("SHA256SUMS has no checksum of");
    expect(exitCode).toBe(1);
    expect(existsSync(installed())).toBe(false);
  });

  test("--container, --version and --dir", async () => {
    const folder = join(scratch, "a folder");
    const { stdout } = await run(["--container", "--version", "v0.1.0", "--dir", folder]);
    expect(stdout).toContain("(linux-x64-container)");
    expect(asked).toContain(`${VERSION}codex-mcp-server-linux-x64-container.tar.gz`);
    const build = Bun.spawnSync([join(folder, "codex-mcp-server"), "version", "--json"]).stdout.toString();
    expect(JSON.parse(build)).toMatchObject({ readonlyFallback: "1" });
  });

  test("a folder that is not writable, an unknown version, a wrong option", async () => {
    const missing = await run(["--version", "9.9.9"]);
    expect(missing.stderr).toContain("cannot download");
    expect(missing.exitCode).toBe(1);
    writeFileSync(join(scratch, "file"), "");
    expect((await run(["--dir", join(scratch, "file", "bin")])).stderr).toContain("cannot create");
    const wrong = await run(["--containr"]);
    expect(wrong.stderr).toContain("there is no option --containr");
    expect(wrong.exitCode).toBe(1);
  });

  test("wget does where there is no curl", async () => {
    const tools = [
      "uname",
      "ldd",
      "grep",
      "cut",
      "awk",
      "mktemp",
      "tar",
      "gzip",
      "cmp",
      "mkdir",
      "rm",
      "cp",
      "mv",
      "chmod",
    ];
    const programs = ["wget", "sha256sum", "head", "sed", "cat", ...tools];
    const bin = join(scratch, "only");
    mkdirSync(bin);
    for (const name of programs) await Bun.$`ln -s ${Bun.which(name) ?? ""} ${join(bin, name)}`;
    if (Bun.which("wget") === null) return console.warn("SKIPPED: wget is not here");
    const { exitCode, stderr } = await run([], { PATH: bin });
    expect(stderr).toBe("");
    expect(exitCode).toBe(0);
  });
});

describe("finds the build for", () => {
  const x64 = "echo x86_64";
  const uname = (system: string, cpu: string) => `if [ "$1" = -m ]; then echo ${cpu}; else echo ${system}; fi`;
  const MODERN = "flags : fpu sse avx2 bmi2";
  const OLD = "flags : fpu sse avx2x";
  test.each([
    [
      "Linux, x86-64, glibc",
      { uname: uname("Linux", "x86_64"), ldd: "echo 'ldd (GNU libc) 2.36'" },
      MODERN,
      "linux-x64",
    ],
    [
      "an older processor",
      { uname: uname("Linux", "x86_64"), ldd: "echo 'ldd (GNU libc) 2.36'" },
      OLD,
      "linux-x64-baseline",
    ],
    [
      "Alpine",
      { uname: uname("Linux", "x86_64"), ldd: "echo 'musl libc (x86_64)' >&2; exit 1" },
      MODERN,
      "linux-x64-musl",
    ],
    [
      "Alpine, old",
      { uname: uname("Linux", "x86_64"), ldd: "echo 'musl libc' >&2; exit 1" },
      OLD,
      "linux-x64-musl-baseline",
    ],
    ["arm64", { uname: uname("Linux", "aarch64"), ldd: "echo 'ldd (GNU libc) 2.36'" }, "", "linux-arm64"],
    ["Alpine on arm64", { uname: uname("Linux", "aarch64"), ldd: "echo musl >&2" }, "", "linux-arm64-musl"],
    ["Apple silicon", { uname: uname("Darwin", "arm64"), sysctl: "echo 1" }, "", "darwin-arm64"],
    ["Apple silicon under Rosetta", { uname: uname("Darwin", "x86_64"), sysctl: "echo 1" }, "", "darwin-arm64"],
    ["an Intel Mac", { uname: uname("Darwin", "x86_64"), sysctl: "exit 1" }, "", "darwin-x64"],
  ])("%s", async (_, programs, cpuinfo, target) => {
    writeFileSync(join(scratch, "cpuinfo"), `${cpuinfo}\n`);
    await run([], { ...machine(programs), CODEXMCP_CPUINFO: join(scratch, "cpuinfo") });
    expect(asked).toContain(`/latest/download/codex-mcp-server-${target}.tar.gz`);
  });

  test.each([
    ["FreeBSD", { uname: `if [ "$1" = -m ]; then ${x64}; else echo FreeBSD; fi` }, "no build for FreeBSD"],
    ["another processor", { uname: uname("Linux", "riscv64") }, "no build for the processor riscv64"],
  ])("%s: none, and says so", async (_, programs, words) => {
    const { exitCode, stderr } = await run([], machine(programs));
    expect(stderr).toContain(words);
    expect(exitCode).toBe(1);
    expect(asked).toEqual([]);
  });
});
