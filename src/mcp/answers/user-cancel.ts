/**
 * Tells the user's abort of a call from the two others that look like it: a client whose time is up
 * (its reason says so), and a connection that ends. Those only detach; the task goes on.
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
