import { realPath } from "#lib/paths.ts";
import { returnLogin } from "./login.ts";
import type { HomeFindings, PrivateHomeNote } from "./note.ts";
import { returnSession } from "./sessions.ts";

/**
 * Brings back to the user's CODEX_HOME what is to last of a run's own: the record of its session, and a login that was
 * renewed. All else is thrown away with the private home. Done again, it changes nothing more.
 */
export async function bringHome(
  userHome: string,
  own: string,
  note: PrivateHomeNote,
  sessionId: string | undefined,
): Promise<HomeFindings> {
  const user = realPath(userHome);
  const findings: HomeFindings = { violations: [], notes: [] };
  const steps = [
    () => returnSession(user, own, note, sessionId, findings),
    async () => {
      const { violations, notes } = returnLogin(user, own, note);
      findings.violations.push(...violations);
      findings.notes.push(...notes);
    },
  ];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      findings.notes.push(`What Codex wrote could not be brought to CODEX_HOME: ${String(error)}.`);
    }
  }
  return findings;
}
