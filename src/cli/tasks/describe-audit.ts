import type { ReadonlyAudit } from "#domain/readonly-audit.ts";
import { compose, inOneLine, paint, type Text } from "#cli/terminal/style.ts";

/** Describes the audit of a read-only run: its verdict, then what was found and what could not be judged. */
export function describeAudit({ verdict, enforcement, violations, evidence }: ReadonlyAudit): Text[] {
  const style = { CLEAN: "green", UNVERIFIED: "yellow", VIOLATION: "red" } as const;
  const reason = verdict === "UNVERIFIED" ? ": no violation was found, but not everything could be judged" : "";
  const unjudged = [...evidence.unknown_commands, ...(evidence.unknown_events ?? [])];
  return [
    paint(`Read-only audit: ${verdict}${reason} (enforcement: ${enforcement})`, style[verdict]),
    ...violations.map((violation) => compose`  ${inOneLine(JSON.stringify(violation))}`),
    ...unjudged.map((what) => compose`  not judged: ${inOneLine(what)}`),
    ...evidence.notes.map((note) => compose`  ${inOneLine(note)}`),
  ];
}
