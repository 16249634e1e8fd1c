import { realPath } from "#base/paths.ts";
import { type DoubtLogin, returnLogin } from "./login.ts";
import type { HomeFindings, PrivateHomeNote } from "./note.ts";
import { returnSession } from "./sessions.ts";

/**
 * Brings back to the user's CODEX_HOME the record of a run's session. All else is thrown away with the private home,
 * but for a login: see {@link bringLogin}. Done again, it changes nothing more.
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
 * Brings back to the user's CODEX_HOME a login that was renewed during a run, at last: what else was found decides on it.
 * @param findings get what is found
 */
export async function bringLogin(
  userHome: string,
  own: string,
  note: PrivateHomeNote,
  findings: HomeFindings,
  doubtLogin: DoubtLogin,
): Promise<void> {
  await noting(findings, async () => returnLogin(realPath(userHome), own, note, findings, doubtLogin));
}

async function noting(findings: HomeFindings, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    findings.notes.push(`What Codex wrote could not be brought to CODEX_HOME: ${String(error)}.`);
  }
}
