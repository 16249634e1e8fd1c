import { logger } from "#base/log.ts";

/** Does what a run does not depend on, such as an optional record. An error, such as a full disk, is only logged. */
export function tryTo(what: string, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    logger("app").warn`${what}: ${String(error)}`;
  }
}
