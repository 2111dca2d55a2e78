// Numbers and times as people read them.

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** E.g. `1.2 MB`; empty for an unknown size. */
export function sizeOf(bytes: number | null | undefined): string {
  if (bytes === undefined || bytes === null) return '';
  const power = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), UNITS.length - 1);
  const digits = power === 0 ? 0 : 1;
  return `${(bytes / 1000 ** power).toFixed(digits)} ${UNITS[power] ?? ''}`;
}

/** A time of the API in the reader's own zone; empty for an unknown one. */
export function timeOf(iso: string | null | undefined): string {
  if (iso === undefined || iso === null || Number.isNaN(Date.parse(iso))) return '';
  return new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
