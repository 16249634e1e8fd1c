import { connection, lastSeen } from "#board/page/state/board-state.ts";

/** Says that what is shown is not live, and how it was last seen. */
export function ConnectionBanner() {
  const state = connection.value;
  if (state === "live" || state === "connecting") return null;
  const seen = lastSeen.value?.toLocaleTimeString();
  return (
    <div class="banner" role="status">
      {state === "refused"
        ? "This board was ended. Open the address that codex-mcp-server board prints."
        : `Not connected${seen === undefined ? "" : `: this is the state of ${seen}`}. Trying again…`}
    </div>
  );
}
