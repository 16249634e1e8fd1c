import { checkConnection, connection, isOutdated, lastSeen } from "#board/page/state/board-state.ts";

/** Says that what is shown is not live, and how it was last seen, or that the page is older than the board. */
export function ConnectionBanner() {
  const state = connection.value;
  if (state === "live" && isOutdated.value) {
    return (
      <div class="banner" role="status">
        The board was updated since this page was loaded.{" "}
        <button type="button" onClick={() => location.reload()}>
          Reload the page
        </button>
      </div>
    );
  }
  if (state === "live" || state === "connecting") return null;
  const seen = lastSeen.value?.toLocaleTimeString();
  const since = seen === undefined ? "" : `: this is the state of ${seen}`;
  if (state === "paused") {
    return (
      <div class="banner" role="status">
        {`Paused${since}. Too many other pages of the board are open in this browser. `}
        <button type="button" onClick={checkConnection}>
          Continue here
        </button>
      </div>
    );
  }
  return (
    <div class="banner" role="status">
      {state === "refused"
        ? "This board was ended. Open the address that codex-mcp-server board prints."
        : `Not connected${since}. Trying again…`}
    </div>
  );
}
