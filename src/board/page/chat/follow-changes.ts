/** State of a task, as far as it shows that there is something new. */
export interface SeenState {
  state: string;
  is_ended: boolean;
}

/** Times between two looks at a task, in milliseconds: the first after a change, and the longest. */
const INTERVAL_MS = { first: 2000, longest: 15_000 } as const;
const BACK_OFF = 1.5;

/**
 * Looks at a task again and again, less often while nothing changes, and calls back when something has. It rests while the page is hidden,
 * and once the task has ended until the page is shown again.
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
  let [isOver, isLooking] = [false, false];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const next = async () => {
    clearTimeout(timer);
    if (isOver || isLooking || document.visibilityState === "hidden") return;
    isLooking = true;
    let isEnded = false;
    try {
      const found = await look();
      isEnded = found.is_ended;
      if (seen !== undefined && seen !== found.state && !isOver) onChange();
      interval = seen === found.state ? Math.min(interval * BACK_OFF, INTERVAL_MS.longest) : INTERVAL_MS.first;
      seen = found.state;
      onLook();
    } catch (error) {
      interval = Math.min(interval * BACK_OFF, INTERVAL_MS.longest);
      onLook(error);
    }
    isLooking = false;
    if (!isEnded) timer = setTimeout(() => void next(), interval);
  };
  const wake = () => void next();
  document.addEventListener("visibilitychange", wake);
  void next();
  return () => {
    isOver = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", wake);
  };
}
