import { locateCodex } from "#codex/locate.ts";
import { probeSandbox } from "#codex/sandbox-probe.ts";
import { landlockAbi } from "#readonly/confine/landlock.ts";
import type { Config } from "#base/config.ts";
import { type Finding, ok, problem, problemOf, warning } from "./finding.ts";

/** Checks whether read-only tasks can work: in Codex's own sandbox, or under the fallback. */
export async function checkSandbox(config: Config): Promise<Finding[]> {
  let program: ReturnType<typeof locateCodex>;
  try {
    program = locateCodex(config);
  } catch {
    return [checkLandlock(config, true)]; // that there is no Codex is said already
  }
  try {
    const works = await probeSandbox(config, program);
    return [describeSandbox(config, works), checkLandlock(config, works)];
  } catch (error) {
    return [problemOf("sandbox", error)];
  }
}

function describeSandbox({ readonlyFallback }: Config, works: boolean): Finding {
  if (readonlyFallback === "on") return ok("sandbox", "not used: the read-only fallback is on");
  if (process.platform === "win32") return ok("sandbox", "Codex's own is used; it is not probed on Windows");
  if (works) return ok("sandbox", "Codex's own read-only sandbox works");
  if (readonlyFallback === "auto") return ok("sandbox", "Codex's own cannot work here; the fallback takes its place");
  return problem(
    "sandbox",
    "Codex's own read-only sandbox cannot work here (user namespaces are refused, as in most containers).",
    "Set CODEXMCP_READONLY_FALLBACK=auto for the server.",
  );
}

function checkLandlock({ readonlyFallback }: Config, works: boolean): Finding {
  const abi = landlockAbi();
  if (abi > 0) return ok("landlock", `ABI ${abi}: the read-only fallback can keep Codex from writing`);
  const isNeeded = readonlyFallback === "on" || (readonlyFallback === "auto" && !works);
  if (!isNeeded) return ok("landlock", "not there, and not needed while the read-only fallback is off");
  return warning(
    "landlock",
    "This kernel has no Landlock, or the container forbids it: under the fallback, writes are reported but not prevented.",
    "Linux 5.13 has it; Docker lets it through from version 23 on, or by its own seccomp profile.",
  );
}
