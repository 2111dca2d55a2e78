import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OutputMerger, type StreamName } from '../../../src/runtimes/output-merger.js';
import type { RuntimeEvent } from '../../../src/runtimes/runtime.js';

const NONCE = '0123456789abcdef';
const marker = (letter: string, number: number): string =>
  `\u001d${NONCE}${letter}${number.toString(16).padStart(8, '0')}`;

function describeEvent(event: RuntimeEvent): readonly [label: string, text: string] {
  switch (event.type) {
    case 'stream':
      return [event.name.slice(3), event.text];
    case 'data':
      return ['data', event.data];
    case 'input_request':
      return ['input', event.prompt];
  }
}

/** A merger with a log of what came out: `out:`, `err:` and `data:` pieces joined, `end`. */
function setUp(): {
  merger: OutputMerger;
  log: string[];
  write: (name: StreamName, text: string) => void;
} {
  const log: string[] = [];
  const merger = new OutputMerger(
    NONCE,
    (event) => {
      const [label, text] = describeEvent(event);
      const last = log.at(-1);
      if (event.type === 'stream' && last?.startsWith(`${label}:`) === true)
        log[log.length - 1] = last + text;
      else log.push(`${label}:${text}`);
    },
    () => {
      log.push('end');
    },
  );
  return {
    merger,
    log,
    write: (name, text) => {
      merger.write(name, Buffer.from(text));
    },
  };
}

describe('output merger', () => {
  test('text is passed on at once', () => {
    const { log, write } = setUp();

    write('stdout', 'a');

    expect(log).toEqual(['out:a']);
  });

  test('text behind a marker waits for the other stream', () => {
    const { log, write } = setUp();

    write('stdout', `a${marker('s', 1)}c`);
    const before = [...log];
    write('stderr', `b${marker('s', 1)}`);

    expect(before).toEqual(['out:a']);
    expect(log).toEqual(['out:a', 'err:b', 'out:c']);
  });

  test('data takes its place between the texts, whichever pipe is read first', () => {
    const { merger, log, write } = setUp();

    write('stdout', `a${marker('d', 1)}b`);
    write('stderr', marker('d', 1));
    const before = [...log];
    merger.place({ type: 'data', data: 'payload' });

    expect(before).toEqual(['out:a']);
    expect(log).toEqual(['out:a', 'data:payload', 'out:b']);
  });

  test('a request for input has its place as data have, and nothing may stand there', () => {
    const { merger, log, write } = setUp();

    write('stdout', `a${marker('d', 1)}b${marker('d', 2)}c`);
    write('stderr', `${marker('d', 1)}${marker('d', 2)}`);
    merger.place(undefined);
    merger.place({ type: 'input_request', inputId: '1', prompt: '? ', isPassword: false });

    expect(log).toEqual(['out:ab', 'input:? ', 'out:c']);
  });

  test('data that comes before its markers waits for the text in front of them', () => {
    const { merger, log, write } = setUp();

    merger.place({ type: 'data', data: 'payload' });
    write('stderr', `a${marker('d', 1)}`);
    write('stdout', `b${marker('d', 1)}c`);

    expect(log).toEqual(['err:a', 'out:b', 'data:payload', 'out:c']);
  });

  test('the end is told after everything that was written before it', () => {
    const { log, write } = setUp();

    write('stderr', marker('e', 1));
    write('stdout', `all of it${marker('e', 1)}`);

    expect(log).toEqual(['out:all of it', 'end']);
  });

  test('a marker and a character cut in two between chunks are put together', () => {
    const { merger, log } = setUp();
    const bytes = Buffer.from(`ä${marker('e', 1)}ö`);
    merger.write('stderr', Buffer.from(marker('e', 1)));

    for (const byte of bytes) merger.write('stdout', Buffer.from([byte]));

    expect(log).toEqual(['out:ä', 'end', 'out:ö']);
  });

  test('control characters of the program itself stay in the text', () => {
    const { log, write } = setUp();

    write('stdout', `\u001d\u001d${NONCE.slice(0, 5)}\u001d`);
    write('stdout', 'x');

    expect(log).toEqual([`out:\u001d\u001d${NONCE.slice(0, 5)}\u001dx`]);
  });

  test.each(['before', 'after'])(
    'what stands at the end is passed behind all text when it comes %s the marker',
    (when) => {
      const { merger, log, write } = setUp();

      if (when === 'before') merger.placeLast({ type: 'data', data: 'payload' });
      write('stdout', `a${marker('e', 1)}`);
      write('stderr', `b${marker('e', 1)}`);
      if (when === 'after') merger.placeLast({ type: 'data', data: 'payload' });
      const first = log.filter((line) => line !== 'end');
      merger.begin();
      merger.placeLast({ type: 'data', data: 'again' });

      expect(first).toEqual(['out:a', 'err:b', 'data:payload']);
      expect(log).not.toContain('data:again');
    },
  );

  test('tells whether there was text among the bytes', () => {
    const { merger } = setUp();

    const had = ['a', marker('s', 1), `${marker('s', 2)}b`, `c${marker('s', 3)}`, ''].map((text) =>
      merger.write('stdout', Buffer.from(text)),
    );

    expect(had).toEqual([true, false, true, true, false]);
  });

  test('flush passes on what stands at an end that never came', () => {
    const { merger, log } = setUp();
    merger.placeLast({ type: 'data', data: 'payload' });

    merger.flush();

    expect(log).toEqual(['data:payload']);
  });

  test('flush passes on what waits for markers that never came', () => {
    const { merger, log, write } = setUp();
    write('stdout', `a${marker('d', 1)}b\u001d`);
    merger.place({ type: 'data', data: 'payload' });

    merger.flush();

    expect(log).toEqual(['out:a', 'data:payload', 'out:b\u001d']);
  });

  test('a marker lost in one stream holds nothing back after the next one', () => {
    const { log, write } = setUp();

    write('stdout', `a${marker('s', 1)}b${marker('s', 2)}c`);
    write('stderr', `x${marker('s', 2)}y`);

    expect(log).toEqual(['out:a', 'err:x', 'out:bc', 'err:y']);
  });

  test('any program comes out in its order however its pipes are cut and interleaved', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constantFrom('stdout', 'stderr'),
        text: fc.string({ unit: 'grapheme' }),
      }),
      fc.record({ kind: fc.constant('data'), text: fc.string() }),
    );
    fc.assert(
      fc.property(fc.array(step), fc.infiniteStream(fc.nat(40)), (program, stream) => {
        const nextNumber = (): number => Number(stream.next().value);
        // Arrange: the program's pipes, with a marker between any two steps, and the order that they must give.
        const pipes = { stdout: '', stderr: '' };
        const data: string[] = [];
        let expected: string[] = [];
        program.forEach(({ kind, text }, index) => {
          if (kind === 'data') data.push(text);
          else pipes[kind] += text;
          const mark = marker(kind === 'data' ? 'd' : 's', index + 1);
          pipes.stdout += mark;
          pipes.stderr += mark;
          const label = kind === 'data' ? 'data' : kind.slice(3);
          if (label === 'data' || text !== '') expected = append(expected, label, text);
        });
        const { merger, log } = setUp();
        const left = { stdout: Buffer.from(pipes.stdout), stderr: Buffer.from(pipes.stderr) };

        // Act: pieces of random length from a random pipe.
        while (left.stdout.length + left.stderr.length + data.length > 0) {
          const choice = nextNumber() % 3;
          const size = 1 + nextNumber();
          if (choice === 2) {
            const next = data.shift();
            if (next !== undefined) merger.place({ type: 'data', data: next });
            continue;
          }
          const name = choice === 0 ? 'stdout' : 'stderr';
          merger.write(name, left[name].subarray(0, size));
          left[name] = left[name].subarray(size);
        }
        merger.flush();

        expect(log).toEqual(expected);
      }),
    );
  });
});

function append(log: readonly string[], label: string, text: string): string[] {
  const last = log.at(-1);
  return label !== 'data' && last?.startsWith(`${label}:`) === true
    ? [...log.slice(0, -1), last + text]
    : [...log, `${label}:${text}`];
}
