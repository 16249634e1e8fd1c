/**
 * Returns a signal that aborts when the user aborts a call. It does not abort when the client times out (its reason
 * says so) or the connection ends: these only detach, and the task keeps running.
 */
export function userCancel(aborted: AbortSignal, leaving: AbortSignal): AbortSignal {
  const user = new AbortController();
  const onAbort = () => {
    if (!leaving.aborted && !isTimeout(aborted.reason)) user.abort();
  };
  if (aborted.aborted) onAbort();
  else aborted.addEventListener("abort", onAbort, { once: true });
  return user.signal;
}

function isTimeout(reason: unknown): boolean {
  return /time[ds]?[\s_-]?out|deadline/i.test(String(reason));
}
