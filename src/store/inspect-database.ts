import { Database } from "bun:sqlite";

/** Describes in one line the damage to an index; undefined if it is intact. Changes and repairs nothing. */
export function inspectDatabase(path: string): string | undefined {
  let database: Database | undefined;
  try {
    database = new Database(path, { readonly: true });
    const [first] = database.query<{ quick_check: string }, []>("PRAGMA quick_check(1)").all();
    const said = first?.quick_check ?? "no answer";
    return said === "ok" ? undefined : (said.split("\n").at(-1) ?? said);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    database?.close();
  }
}
