import { readLastLines } from "#lib/json-lines.ts";
import { pathExists } from "#lib/paths.ts";

const TAIL_BYTES = 256 * 1024;

/**
 * The last lines of Codex's own record of a session
 * (`$CODEX_HOME/sessions/<year>/<month>/<day>/rollout-…-<id>.jsonl`, seen in 0.169); none where there is
 * no such record.
 */
export function readSessionTail(codexHome: string, sessionId: string): string[] {
  try {
    const path = findSessionFile(codexHome, sessionId);
    return path === undefined ? [] : readLastLines(path, TAIL_BYTES).lines;
  } catch {
    return []; // not Codex's folder as we know it
  }
}

/** Where it was found: a live view asks every second, and there may be thousands of sessions. */
const found = new Map<string, string>();

function findSessionFile(codexHome: string, sessionId: string): string | undefined {
  const pattern = `sessions/*/*/*/rollout-*-${sessionId}.jsonl`;
  const known = found.get(`${codexHome} ${sessionId}`);
  if (known !== undefined && pathExists(known)) return known;
  for (const path of new Bun.Glob(pattern).scanSync({ cwd: codexHome, absolute: true })) {
    found.set(`${codexHome} ${sessionId}`, path);
    return path;
  }
  return undefined;
}
