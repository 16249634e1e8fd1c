import { type AppContext, openContext } from "#tasks/context.ts";
import { readConfig } from "#base/config.ts";
import { startLogging } from "#base/log.ts";

/** Opens the store for a person's command; warnings are printed on stderr. */
export function openCommandContext(): AppContext {
  startLogging(process.env["CODEXMCP_LOG_LEVEL"]);
  return openContext(readConfig());
}
