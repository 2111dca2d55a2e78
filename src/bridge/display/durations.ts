// How long something took, as people read it.

/**
 * E.g. `12.1 ms`, `3.20 s`, `2 min 5 s`.
 *
 * @param secondDigits - Decimals of seconds below a minute.
 */
export function formatDuration(ms: number, secondDigits = 2): string {
  if (ms < 1000) return `${ms.toFixed(1)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(secondDigits)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) {
    return `${Math.floor(seconds / 60).toString()} min ${(seconds % 60).toString()} s`;
  }
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60).toString()} h ${(minutes % 60).toString()} min`;
}
