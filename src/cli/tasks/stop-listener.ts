/** Exit codes by the signals that stop a task, as shells report them. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** Listener for the signals by which this process's caller stops the task that it waits for. */
export interface StopListener {
  /** Resolves at the first signal; at the second, this process exits: the task's supervisor then stops it alone. */
  asked: Promise<void>;
  /** Exit code for the signal; undefined if there was none. */
  exitCode: number | undefined;
  close: () => void;
}

/**
 * Listens for Ctrl-C and SIGTERM. SIGHUP keeps its usual effect, that this process ends: losing a terminal does not stop a task, and
 * nohup(1) keeps working.
 */
export function listenForStop(): StopListener {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const listener: StopListener = { asked, exitCode: undefined, close };
  const handlers = Object.entries(EXIT_CODES).map(([signal, exitCode]) => {
    const onSignal = () => {
      if (listener.exitCode !== undefined) process.exit(listener.exitCode);
      listener.exitCode = exitCode;
      resolve();
    };
    process.on(signal, onSignal);
    return { signal, onSignal };
  });
  function close(): void {
    for (const { signal, onSignal } of handlers) process.off(signal, onSignal);
  }
  return listener;
}
