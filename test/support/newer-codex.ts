import { test } from "bun:test";
import { HAS_CODE_MODE, isCodexFrom, TESTED_VERSION } from "./codex-version.ts";

/** Whether the tested Codex has the app-server's protocol that the engine speaks. */
export const HAS_APP_SERVER = isCodexFrom("0.153.0");

/** Test of what only the app-server engine can do. */
export const appServerTest = testFrom(HAS_APP_SERVER, "an app-server with the engine's protocol");
/** Test with models that work in code mode. */
export const codeModeTest = testFrom(HAS_CODE_MODE, "code mode");

/** Test with a profile of MCP servers. */
export const profileServersTest = testFrom(isCodexFrom("0.134.0"), "profiles with MCP servers");

/** Test of a Codex that waits for a network, instead of ending with an error. */
export const patientTest = testFrom(isCodexFrom("0.152.0"), "patience without a network");

function testFrom(isThere: boolean, what: string) {
  if (isThere) return test;
  console.warn(`SKIPPED: tests that need ${what}, which Codex ${TESTED_VERSION} does not have`);
  return test.skip;
}
