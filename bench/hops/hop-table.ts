// What each hop of a cell costs, by difference between layers: the hops of a language add up to its whole cell.
import type { Hop } from '../results.js';

/** Microseconds of a layer by its name. */
export type LayerTime = (name: string) => number;

const LANGUAGES = { r: 'R', python: 'python' } as const;

interface HopRule {
  readonly name: string;
  readonly how: string;
  readonly of: (layer: (name: string) => number) => number;
  /** Layer that is the raw limit, for people. */
  readonly limit?: readonly [layer: string, name: string];
}

/** In `of`, a name that ends in a blank is completed with the language. */
const RULES: readonly HopRule[] = [
  {
    name: 'ZeroMQ: request, reply, statuses, signatures',
    how: 'a kernel of five bare sockets',
    of: (layer) => layer('five sockets'),
    limit: ['frames', 'frames there and back, Node to Node'],
  },
  {
    name: 'kernel: protocol and loop (`jupyter/`)',
    how: 'our kernel with a language that does no work, less the five sockets',
    of: (layer) => layer('toy kernel') - layer('five sockets'),
  },
  {
    name: 'bridge: cell, agent messages, outputs (`bridge/`)',
    how: 'the interpreter alone, less the client with the same code',
    of: (layer) => layer('bridge ') - layer('client '),
  },
  {
    name: 'WebSocket: a frame there and one back',
    how: '`ws` on both sides with nothing behind them',
    of: (layer) => layer('frame'),
    limit: ['frame', 'the same'],
  },
  {
    name: 'client and server: checks, tokens, session, event stream',
    how: 'the client on a server whose runtimes do no work, less the frames',
    of: (layer) => layer('idle server ') - layer('frame'),
  },
  {
    name: 'server with a real runtime: two more processes at work, events on their way',
    how: 'the client on the real server, less the idle server and the runtime alone',
    of: (layer) => layer('client ') - layer('idle server ') - layer('agent '),
  },
  {
    name: 'pipe: a line in, a line out',
    how: 'the bare language, echoing',
    of: (layer) => layer('line '),
    limit: ['line ', 'the same'],
  },
  {
    name: 'the language itself: parse, evaluate, deparse',
    how: 'the bare language, evaluating, less the echo',
    of: (layer) => layer('evaluated ') - layer('line '),
  },
  {
    name: 'worker: frames, captured output, working directory',
    how: 'the runtime running `1+1`, less the bare language',
    of: (layer) => layer('runtime ') - layer('evaluated '),
  },
  {
    name: 'agent: the cell by expression, its value in all forms',
    how: 'the runtime running what the bridge sends, less `1+1`',
    of: (layer) => layer('agent ') - layer('runtime '),
  },
  {
    name: 'all of it in one process',
    how: 'the whole kernel, less the parts above',
    of: (layer) => layer('kernel ') - layer('toy kernel') - layer('bridge '),
  },
  {
    name: '**the whole cell**',
    how: 'our kernel as it is installed',
    of: (layer) => layer('kernel '),
  },
];

/** The rows of the table. */
export function hopsOf(time: LayerTime): Hop[] {
  const timeIn =
    (language: string): LayerTime =>
    (name) =>
      time(name.endsWith(' ') ? name + language : name);
  return RULES.map(({ name, how, of, limit }) => ({
    name,
    how,
    r: of(timeIn(LANGUAGES.r)),
    python: of(timeIn(LANGUAGES.python)),
    ...(limit !== undefined && { limit: timeIn(LANGUAGES.r)(limit[0]), limitName: limit[1] }),
  }));
}
