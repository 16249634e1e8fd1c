import { readFileSync, readlinkSync, statSync } from "node:fs";
import type { Config } from "#base/config.ts";
import type { CodexProgram } from "./locate.ts";
import { runCodexProbe } from "./run-probe.ts";

/** Whether Codex can set up its own read-only sandbox here: it is made to run a command that does nothing. */
export async function probeSandbox(config: Config, program: CodexProgram): Promise<boolean> {
  // Windows has another sandbox, and no `true`: it is taken to work.
  if (process.platform === "win32") return true;
  return (await runCodexProbe(config, program, ["sandbox", "--", "true"])).exitCode === 0;
}

/**
 * Returns what a probe's answer depends on, as one line: this Codex program, its home, and the machine or
 * container with what it allows this process.
 */
export function describeProbe(config: Config, program: CodexProgram): string {
  const { size, mtimeMs, ino } = statSync(program.path);
  const facts = [program.path, size, mtimeMs, ino, config.codexHome, process.getuid?.()];
  return JSON.stringify(process.platform === "linux" ? [...facts, ...describeContainer()] : facts);
}

function describeContainer(): (string | undefined)[] {
  const status = readFileSync("/proc/self/status", "utf8");
  return [
    readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
    readlinkSync("/proc/self/ns/user"),
    readlinkSync("/proc/self/ns/mnt"),
    // No new privileges, and system calls that are filtered.
    ...["NoNewPrivs", "Seccomp", "CapEff"].map((name) => new RegExp(`^${name}:\\s*(\\w+)`, "m").exec(status)?.[1]),
  ];
}
