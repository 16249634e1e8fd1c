import { realPath } from "#base/paths.ts";
import { type FindLoginDoubt, returnLogin } from "./login.ts";
import type { HomeFindings, PrivateHomeNote } from "./note.ts";
import { returnSession } from "./sessions.ts";

/**
 * Copies the record of a run's session back to the user's CODEX_HOME. Everything else is discarded with the private home, except a login:
 * see {@link bringLogin}. Repeating it changes nothing more.
 */
export async function bringSession(
  userHome: string,
  own: string,
  note: PrivateHomeNote,
  sessionId: string | undefined,
): Promise<HomeFindings> {
  const findings: HomeFindings = { violations: [], notes: [] };
  await noting(findings, () => returnSession(realPath(userHome), own, note, sessionId, findings));
  return findings;
}

/**
 * Copies a login that was renewed during a run back to the user's CODEX_HOME. Must run last: the earlier findings decide about it.
 * @param findings receives the findings
 */
export async function bringLogin(
  userHome: string,
  own: string,
  note: PrivateHomeNote,
  findings: HomeFindings,
  doubtLogin: FindLoginDoubt,
): Promise<void> {
  await noting(findings, async () => returnLogin(realPath(userHome), own, note, findings, doubtLogin));
}

async function noting(findings: HomeFindings, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    findings.notes.push(`Files of the run could not be copied to CODEX_HOME: ${String(error)}.`);
  }
}
