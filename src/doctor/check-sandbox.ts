import { locateCodex } from "#codex/locate.ts";
import { probeSandbox } from "#codex/probe.ts";
import { landlockAbi } from "#readonly/confine/landlock.ts";
import type { Config } from "#base/config.ts";
import { type Finding, ok, problem, problemOf, warning } from "./finding.ts";
import { IS_WINDOWS } from "#base/system.ts";

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
  if (IS_WINDOWS) return ok("sandbox", "Codex's own sandbox is used; it is not tested on Windows");
  if (works) return ok("sandbox", "Codex's own read-only sandbox works");
  if (readonlyFallback === "auto") return ok("sandbox", "Codex's own does not work here; the fallback replaces it");
  return problem(
    "sandbox",
    "Codex's own read-only sandbox does not work here: user namespaces are not allowed, as in most containers.",
    "Set CODEXMCP_READONLY_FALLBACK=auto for the server.",
  );
}

function checkLandlock({ readonlyFallback }: Config, works: boolean): Finding {
  const abi = landlockAbi();
  if (abi > 0) return ok("landlock", `ABI ${abi}: the read-only fallback can prevent writes`);
  const isNeeded = readonlyFallback === "on" || (readonlyFallback === "auto" && !works);
  if (!isNeeded) return ok("landlock", "not available, and not needed while the read-only fallback is off");
  return warning(
    "landlock",
    "Landlock is not available in this kernel or container, so the read-only fallback reports writes but does not prevent them.",
    "Use Linux 5.13 or newer, and in Docker version 23 or newer or a seccomp profile that allows Landlock.",
  );
}
