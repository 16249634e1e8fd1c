import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildBinary } from "../../scripts/build.ts";
import { targetNamed } from "../../scripts/targets.ts";

const EMULATOR = Bun.which("qemu-aarch64-static") ?? "";
/** Where Debian's libc6-arm64-cross puts the libraries. */
const LIBRARIES = "/usr/aarch64-linux-gnu";
const isForeign = process.arch !== "arm64";
const canEmulate = EMULATOR !== "" && existsSync(LIBRARIES) && isForeign;
if (!canEmulate) console.warn("SKIPPED: the arm64 build is not run here (Debian: qemu-user-static, libc6-arm64-cross)");

describe.skipIf(!canEmulate)("the arm64 build, emulated", () => {
  const scratch = mkdtempSync("/var/tmp/codexmcp-arm64-");
  afterAll(() => rmSync(scratch, { recursive: true }));

  test("starts, and confines a program as far as the kernel lets it", async () => {
    const binary = await buildBinary(targetNamed("linux-arm64-container"));
    const run = (...args: string[]) => Bun.spawnSync([EMULATOR, "-L", LIBRARIES, binary, ...args]);
    expect(run("--version").stdout.toString()).toMatch(/^codex-mcp-server \d/);
    const report = join(scratch, "report.json");
    const confined = run("confine", `--report=${report}`, "--", "/bin/sh", "-c", "echo started; exit 7");
    expect(confined.stdout.toString()).toBe("started\n");
    expect(confined.exitCode).toBe(7);
    // The emulator passes no call of Landlock on: its refusal is reported, and the program started all the same.
    expect(JSON.parse(readFileSync(report, "utf8"))).toMatchObject({ enforcement: expect.any(String) as unknown });
  }, 120_000);
});
