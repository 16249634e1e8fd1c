import { readFileSync, readlinkSync, statSync } from "node:fs";
import type { Config } from "#base/config.ts";
import type { CodexProgram } from "./locate.ts";
import { runCodexProbe } from "./run-probe.ts";
import { bootId } from "#platform/host.ts";
import { IS_LINUX, IS_WINDOWS } from "#platform/system.ts";

/** Checks whether Codex can set up its own read-only sandbox here by running a command that does nothing. */
export async function probeSandbox(config: Config, program: CodexProgram): Promise<boolean> {
  // Windows has another sandbox and no `true`: assume that it works.
  if (IS_WINDOWS) return true;
  return (await runCodexProbe(config, program, ["sandbox", "--", "true"])).exitCode === 0;
}

/**
 * Describes in one line the inputs that a probe's result depends on: this Codex program, its home, and the machine or container with the
 * privileges of this process.
 */
export function describeProbe(config: Config, program: CodexProgram): string {
  const { size, mtimeMs, ino } = statSync(program.path);
  const facts = [program.path, size, mtimeMs, ino, config.codexHome, process.getuid?.()];
  return JSON.stringify(IS_LINUX ? [...facts, ...describeContainer()] : facts);
}

function describeContainer(): (string | undefined)[] {
  const status = readFileSync("/proc/self/status", "utf8");
  return [
    bootId(),
    readlinkSync("/proc/self/ns/user"),
    readlinkSync("/proc/self/ns/mnt"),
    // No new privileges, and filtered system calls.
    ...["NoNewPrivs", "Seccomp", "CapEff"].map((name) => new RegExp(`^${name}:\\s*(\\w+)`, "m").exec(status)?.[1]),
  ];
}
