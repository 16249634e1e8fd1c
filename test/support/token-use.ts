import { Database } from "bun:sqlite";
import { join } from "node:path";

/** Returns the tokens that the index has of a task, over all its runs and days. */
export function tokensOf(stateHome: string, taskId: string): number {
  const database = new Database(join(stateHome, "codexmcp.db"), { readonly: true });
  try {
    const query =
      "SELECT sum(input_tokens - cached_input_tokens + output_tokens) AS total FROM token_use WHERE task_id = ?";
    return database.query<{ total: number | null }, [string]>(query).get(taskId)?.total ?? 0;
  } finally {
    database.close();
  }
}

/** Returns a time zone in which it is about noon, so that no day ends during a test. */
export function zoneAtNoon(): string {
  // These names count the hours to the west.
  const west = new Date().getUTCHours() - 12;
  return `Etc/GMT${west < 0 ? "" : "+"}${west}`;
}

/** Makes everything that the index has counted something of an earlier day. */
export function endDay(stateHome: string): void {
  const database = new Database(join(stateHome, "codexmcp.db"), { readwrite: true });
  try {
    database.run("UPDATE token_use SET day = '2001-01-01'");
  } finally {
    database.close();
  }
}
