import { realPath } from "#base/paths.ts";
import { type FindLoginDoubt, copyLoginBack } from "./login.ts";
import type { HomeFindings, PrivateHomeNote } from "./note.ts";
import { copySessionBack } from "./sessions.ts";

/**
 * Copies the record of a run's session back to the user's CODEX_HOME. Everything else is discarded with the private home, except a login:
 * see {@link saveLogin}. Repeating it changes nothing more.
 */
export async function saveSession(
  userHome: string,
  own: string,
  note: PrivateHomeNote,
  sessionId: string | undefined,
): Promise<HomeFindings> {
  const findings: HomeFindings = { violations: [], notes: [] };
  await withErrorNote(findings, () => copySessionBack(realPath(userHome), own, note, sessionId, findings));
  return findings;
}

/**
 * Copies a login that was renewed during a run back to the user's CODEX_HOME. Must run last: the earlier findings decide about it.
 * @param findings receives the findings
 */
export async function saveLogin(
  userHome: string,
  own: string,
  note: PrivateHomeNote,
  findings: HomeFindings,
  doubtLogin: FindLoginDoubt,
): Promise<void> {
  await withErrorNote(findings, async () => copyLoginBack(realPath(userHome), own, note, findings, doubtLogin));
}

async function withErrorNote(findings: HomeFindings, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    findings.notes.push(`Files of the run could not be copied to CODEX_HOME: ${String(error)}.`);
  }
}
