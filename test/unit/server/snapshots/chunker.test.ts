import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Chunker, type ChunkLimits } from '../../../../src/server/snapshots/chunker.js';

const LIMITS: ChunkLimits = { minBytes: 64, maxBytes: 1024, mask: 0xff000000 };

/** The chunks of bytes that come in pieces of a size. */
function chunksOf(bytes: Buffer, pieceBytes = bytes.length || 1, limits = LIMITS): Buffer[] {
  const chunker = new Chunker(limits);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    for (const chunk of chunker.push(bytes.subarray(at, at + pieceBytes))) {
      chunks.push(Buffer.from(chunk));
    }
  }
  const rest = chunker.end();
  return rest === undefined ? chunks : [...chunks, Buffer.from(rest)];
}

/** Bytes without a pattern, the same each time. */
function noise(length: number, seed = 'seed'): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
    createHash('sha256').update(`${seed} ${i}`).digest(),
  );
  return Buffer.concat(blocks).subarray(0, length);
}

describe('the chunks of a stream', () => {
  test('joined are the stream, and have the lengths that are allowed', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 8_000 }),
        fc.integer({ min: 1, max: 3_000 }),
        (bytes, piece) => {
          const chunks = chunksOf(Buffer.from(bytes), piece);

          expect(Buffer.concat(chunks).equals(Buffer.from(bytes))).toBe(true);
          for (const [at, { length }] of chunks.entries()) {
            expect(length).toBeLessThanOrEqual(LIMITS.maxBytes);
            if (at < chunks.length - 1) expect(length).toBeGreaterThanOrEqual(LIMITS.minBytes);
          }
        },
      ),
    );
  });

  test('do not depend on the pieces in which it came', () => {
    const bytes = noise(50_000);

    expect(chunksOf(bytes, 7)).toEqual(chunksOf(bytes, 4_096));
  });

  test('are the same behind an insertion, but for a few', () => {
    const bytes = noise(30_000);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 30_000 }),
        fc.uint8Array({ minLength: 1, maxLength: 50 }),
        (at, added) => {
          const before = new Set(chunksOf(bytes).map((chunk) => chunk.toString('hex')));
          const after = chunksOf(Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at)]));

          const changed = after.filter((chunk) => !before.has(chunk.toString('hex')));
          expect(changed.length).toBeLessThanOrEqual(8);
          expect(after.length).toBeGreaterThan(40);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('of bytes that are all alike are as long as can be', () => {
    const lengths = chunksOf(Buffer.alloc(2_500)).map(({ length }) => length);

    expect(lengths).toEqual([1024, 1024, 452]);
  });

  test('are always cut at the same places: what is on the disk is found again', () => {
    const digest = createHash('sha256');
    for (const { length } of chunksOf(noise(20_000))) digest.update(`${length} `);

    expect(digest.digest('hex').slice(0, 16)).toBe('35c388ca633c6861');
  });
});
