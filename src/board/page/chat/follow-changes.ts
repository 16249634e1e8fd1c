/** State of a task, as far as it shows that there is something new. */
export interface SeenState {
  state: string;
  is_ended: boolean;
}

/** Times between two looks at a task, in milliseconds: the first after a change or failure, and the longest. */
const INTERVAL_MS = { first: 2000, longest: 6000, longestAfterFailures: 30_000 } as const;
const BACK_OFF = 1.5;

/**
 * Looks at a task again and again, less often while nothing changes, and calls back when something has. It rests while the page is hidden
 * or scrolled out of the chat's window, and once the task has ended until the page is shown again.
 * @param onLook called after each look, with its error if it failed
 * @returns a function that ends it
 */
export function followChanges(
  look: () => Promise<SeenState>,
  onChange: () => void,
  onLook: (error?: unknown) => void,
): () => void {
  let seen: string | undefined;
  let interval: number = INTERVAL_MS.first;
  let [isOver, isLooking, isFailing, isInView] = [false, false, false, true];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const next = async () => {
    clearTimeout(timer);
    if (isOver || isLooking || !isInView || document.visibilityState === "hidden") return;
    isLooking = true;
    let isEnded = false;
    try {
      const found = await look();
      isEnded = found.is_ended;
      if (!isOver && seen !== undefined && (seen !== found.state || isFailing)) onChange();
      const isUnchanged = seen === found.state && !isFailing;
      interval = isUnchanged ? Math.min(interval * BACK_OFF, INTERVAL_MS.longest) : INTERVAL_MS.first;
      [seen, isFailing] = [found.state, false];
      onLook();
    } catch (error) {
      interval = isFailing ? Math.min(interval * BACK_OFF, INTERVAL_MS.longestAfterFailures) : INTERVAL_MS.first;
      isFailing = true;
      onLook(error);
    }
    isLooking = false;
    if (!isEnded) timer = setTimeout(() => void next(), interval);
  };
  const wake = () => void next();
  document.addEventListener("visibilitychange", wake);
  const scrolling = new IntersectionObserver((entries) => {
    isInView = entries.at(-1)?.isIntersecting !== false;
    wake();
  });
  scrolling.observe(document.documentElement);
  void next();
  return () => {
    isOver = true;
    clearTimeout(timer);
    scrolling.disconnect();
    document.removeEventListener("visibilitychange", wake);
  };
}
