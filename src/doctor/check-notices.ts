import { describeNotice, isOpenNotice, type NoticeState } from "#domain/end-notice.ts";
import { formatPlural } from "#base/text.ts";
import { listRecentNotices } from "#store/ends/record-end.ts";
import type { AppContext } from "#tasks/context.ts";
import { type Finding, ok, warning } from "./finding.ts";

/** Number of recent ends whose notices are counted. */
const RECENT_ENDS = 100;

/** Largest number of notices that are named. */
const MAX_NAMED = 3;

/** Counts what became of the notices of recent ends: `CODEXMCP_ON_END` and `CODEXMCP_WEBHOOK`. */
export function checkNotices({ store }: AppContext): Finding[] {
  if (store.isNewer) return [];
  const all = listRecentNotices(store, RECENT_ENDS).flatMap(({ task_id, notices }) =>
    Object.entries(notices).map(([channel, notice]) => ({ name: `${task_id}, ${channel}`, notice })),
  );
  if (all.length === 0) return [];
  const open = all.filter(({ notice }) => isOpenNotice(notice)).length;
  const lost = all.filter(({ notice }) => isLost(notice));
  const [done, waiting] = [all.length - open - lost.length, open === 0 ? "" : `, ${open} still to be given`];
  if (lost.length === 0) return [ok("notices", `${formatPlural(done, "notice")} of ended tasks given${waiting}`)];
  const named = lost.slice(0, MAX_NAMED).map(({ name, notice }) => `${name}: ${describeNotice(notice)}`);
  const more = lost.length > MAX_NAMED ? ` and ${lost.length - MAX_NAMED} more` : "";
  return [
    warning(
      "notices",
      `${formatPlural(lost.length, "notice")} of ended tasks failed (${named.join("; ")}${more}); ${done} given${waiting}.`,
      "Correct CODEXMCP_ON_END or CODEXMCP_WEBHOOK in the MCP client's configuration of this server; `codex-mcp-server show` has the task's result.",
    ),
  ];
}

function isLost({ state }: NoticeState): boolean {
  return state === "failed" || state === "unknown";
}
