import { readLastLines } from "#lib/json-lines.ts";

const TAIL_BYTES = 256 * 1024;

/**
 * The last lines of Codex's own record of a session
 * (`$CODEX_HOME/sessions/<year>/<month>/<day>/rollout-…-<id>.jsonl`, seen in 0.169); none where there is
 * no such record.
 */
export function readSessionTail(codexHome: string, sessionId: string): string[] {
  try {
    const glob = new Bun.Glob(`sessions/*/*/*/rollout-*-${sessionId}.jsonl`);
    for (const path of glob.scanSync({ cwd: codexHome, absolute: true })) {
      const { lines } = readLastLines(path, TAIL_BYTES);
      if (lines.length > 0) return lines;
    }
  } catch {
    // Not Codex's folder as we know it.
  }
  return [];
}
