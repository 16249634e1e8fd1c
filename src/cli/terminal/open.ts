import { type AppContext, openContext } from "#tasks/context.ts";
import { readConfig } from "#base/config.ts";
import { startLogging } from "#base/log.ts";

/** Opens the tasks for a person's command; what goes wrong beside it is told on stderr. */
export function openForPerson(): AppContext {
  startLogging(process.env["CODEXMCP_LOG_LEVEL"]);
  return openContext(readConfig());
}
