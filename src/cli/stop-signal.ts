// Ends a server in order when the system or a person asks for it.

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A close that hangs is cut off after this time. Milliseconds. */
const LONGEST_CLOSE_MS = 8000;

/**
 * Closes and leaves on the first SIGINT, SIGTERM or SIGHUP; leaves at once on the second.
 *
 * @param close - Handed the name of the signal.
 */
export function onStopSignal(close: (signal: string) => Promise<void>): void {
  let isClosing = false;
  const stop = (signal: string): void => {
    if (isClosing) process.exit(1);
    isClosing = true;
    setTimeout(() => process.exit(1), LONGEST_CLOSE_MS).unref();
    close(signal).then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of SIGNALS) process.on(signal, stop);
}
