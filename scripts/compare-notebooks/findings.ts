// What a comparison finds, and the simplest comparison.

/** One thing that differs in a cell. */
export interface Finding {
  readonly kind: DifferenceKind;
  readonly ours: string;
  readonly theirs: string;
}

export type DifferenceKind =
  | 'order'
  | 'stdout'
  | 'stderr'
  | 'types'
  | 'text'
  | 'html'
  | 'data'
  | 'picture'
  | 'ename'
  | 'evalue'
  | 'traceback';

/** The finding that two texts are not the same, or none. */
export const differing = (
  kind: DifferenceKind,
  ours: string,
  theirs: string,
): readonly Finding[] => (ours === theirs ? [] : [{ kind, ours, theirs }]);

/** A text with all white space alike. */
export const inWords = (text: string): string => text.split(/\s+/).filter(Boolean).join(' ');
