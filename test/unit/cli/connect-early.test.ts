import { describe, expect, test, vi } from 'vitest';
import type { Connect, Connection } from '../../../src/bridge/index.js';
import { ResolvedConfiguration } from '../../../src/cli/config.js';
import { connectEarly } from '../../../src/cli/connect.js';

const machine = { env: {}, platform: 'linux', home: '/home/ada' } as never;
const embedded = new ResolvedConfiguration({ machine, flags: {} });
const elsewhere = new ResolvedConfiguration({ machine, flags: { url: 'https://r.example:12800' } });
const askNobody = (): Promise<never> => Promise.reject(new Error('nobody is there'));
const { signal } = new AbortController();

function makeConnect(): { connect: ReturnType<typeof vi.fn<Connect>>; made: Connection[] } {
  const made: Connection[] = [];
  const connect = vi.fn<Connect>(() => {
    const connection = { kind: 'embedded' } as Connection;
    made.push(connection);
    return Promise.resolve(connection);
  });
  return { connect, made };
}

describe('connectEarly', () => {
  test('begins the first connection to the embedded server before it is wanted, and hands it out once', async () => {
    const { connect, made } = makeConnect();

    const early = connectEarly(connect, embedded);
    const begunCount = made.length;
    const first = await early(embedded, askNobody, signal);
    const second = await early(embedded, askNobody, signal);

    expect(begunCount).toBe(1);
    expect([first, second]).toEqual(made);
    expect(first).not.toBe(second);
  });

  test('begins nothing where a person may have to be asked', () => {
    const { connect } = makeConnect();

    connectEarly(connect, elsewhere);

    expect(connect).not.toHaveBeenCalled();
  });

  test('makes another connection for another configuration', async () => {
    const { connect } = makeConnect();
    const early = connectEarly(connect, embedded);

    await early(elsewhere, askNobody, signal);

    expect(connect.mock.calls.map(([configuration]) => configuration)).toEqual([
      embedded,
      elsewhere,
    ]);
  });

  test('a failure is told to who takes it', async () => {
    const failing: Connect = () => Promise.reject(new Error('no server'));
    const early = connectEarly(failing, embedded);

    await expect(early(embedded, askNobody, signal)).rejects.toThrow('no server');
  });

  test('ends when who took it leaves', async () => {
    const waiting: Connect = (_configuration, _ask, leaving) =>
      new Promise((_resolve, reject) => {
        leaving.addEventListener('abort', () => {
          reject(new Error('left'));
        });
      });
    const early = connectEarly(waiting, embedded);
    const leaving = new AbortController();
    const connecting = early(embedded, askNobody, leaving.signal);

    leaving.abort();

    await expect(connecting).rejects.toThrow('left');
  });
});
