import { codexArguments } from "#codex/process.ts";
import { type CodexCapabilities, probeCapabilities, findIncompatibility } from "#codex/capabilities.ts";
import { type CodexProgram, listCodexPrograms, locateCodex } from "#codex/locate.ts";
import { probeLogin } from "#codex/probe.ts";
import { checkProfile } from "#codex/config-files.ts";
import { IS_WINDOWS } from "#base/system.ts";
import type { Config } from "#base/config.ts";
import { type Finding, ok, problem, problemOf, warning } from "./finding.ts";

/** Request that uses every argument that this server ever passes. */
const EVERY_ARGUMENT = codexArguments({
  sandbox: "read-only",
  run_dir: "/",
  resumes: "session",
  model: "model",
  reasoning_effort: "high",
  profile: "profile",
  images: ["/image"],
  output_schema_file: "/schema",
});

/** Checks that Codex is installed, accepts this server's arguments and is logged in, and checks its profile. */
export async function checkCodex(config: Config): Promise<Finding[]> {
  let program: CodexProgram;
  try {
    program = locateCodex(config);
  } catch (error) {
    return [problemOf("codex", error), ...checkConfiguredProfile(config, undefined)];
  }
  const { finding, version } = await checkVersion(config, program);
  return [
    finding,
    ...(await checkOtherVersions(config, program)),
    await checkLogin(config, program),
    ...checkConfiguredProfile(config, version),
  ];
}

async function checkVersion(
  config: Config,
  program: CodexProgram,
): Promise<{ finding: Finding; version: string | undefined }> {
  try {
    const capabilities = await probeCapabilities(config, program);
    const { version } = capabilities;
    const fault = findIncompatibility(capabilities, EVERY_ARGUMENT, program.path);
    if (fault !== undefined) return { finding: problemOf("codex", fault), version };
    const text = `${version ?? "unknown version"} at ${program.path}; tasks run ${describeEngine(config, capabilities)}`;
    return { finding: ok("codex", text), version };
  } catch (error) {
    return { finding: problemOf("codex", error), version: undefined };
  }
}

function describeEngine({ engine }: Config, { hasAppServer }: CodexCapabilities): string {
  if (engine === "exec") return "with codex exec (CODEXMCP_ENGINE)";
  return hasAppServer && !IS_WINDOWS
    ? "in its app-server"
    : "with codex exec: it has no app-server that this server can use";
}

/** Reports other Codex versions: unless one is configured, the version used depends on the PATH of the program that starts the server. */
async function checkOtherVersions(config: Config, used: CodexProgram): Promise<Finding[]> {
  if (config.environment["CODEXMCP_CODEX_BIN"]) return [];
  const programs = listCodexPrograms(config);
  if (programs.length < 2) return [];
  const versions = await Promise.all(
    programs.map(async (program) => (await probeCapabilities(config, program).catch(() => undefined))?.version ?? "?"),
  );
  if (new Set(versions).size < 2) return [];
  const list = programs.map(({ path }, index) => `${versions[index]} at ${path}${path === used.path ? " (used)" : ""}`);
  const fix =
    "Remove the ones that you do not need, or set CODEXMCP_CODEX_BIN: an MCP client's PATH may find another one.";
  return [warning("codex_versions", `Several versions of Codex are installed: ${list.join("; ")}.`, fix)];
}

async function checkLogin(config: Config, program: CodexProgram): Promise<Finding> {
  try {
    const { isLoggedIn, by } = await probeLogin(config, program);
    if (isLoggedIn) return ok("login", by);
    const fix = by.includes("which is not set")
      ? "Set it in the MCP client's configuration of this server."
      : "Run `codex login` as the user that runs this server, or give the server CODEX_API_KEY in its environment.";
    return problem("login", `Codex has no credentials: ${by}.`, fix);
  } catch (error) {
    return problemOf("login", error);
  }
}

function checkConfiguredProfile({ codexHome, profile }: Config, version: string | undefined): Finding[] {
  if (profile === undefined) return [];
  try {
    checkProfile(codexHome, profile, version);
    return [ok("profile", profile)];
  } catch (error) {
    return [problemOf("profile", error)];
  }
}
