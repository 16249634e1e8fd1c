import { type AppContext, openContext } from "#app/context.ts";
import { readConfig } from "#lib/config.ts";
import { startLogging } from "#lib/log.ts";

/** Opens the tasks for a person's command; what goes wrong beside it is told on stderr. */
export function openForPerson(): AppContext {
  startLogging(process.env["CODEXMCP_LOG_LEVEL"]);
  return openContext(readConfig());
}
