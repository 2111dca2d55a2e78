// The health report: the server, its pools of R and Python processes, and its other parts.
import type { StatusResponse } from '../../api/index.js';
import type { Api } from './api.js';
import { button, make, table } from './dom.js';

const WORDS: Readonly<Record<string, string>> = { pass: 'well', warn: 'limited', fail: 'broken' };

export async function statusView(api: Api, refresh: () => Promise<void>): Promise<readonly Node[]> {
  const status = await api.get<StatusResponse>('status');
  const parts = partsOf('server', status);
  const pools = parts.flatMap(({ details }) => poolRows(details));
  return [
    make(
      'div',
      { class: 'title' },
      make('h1', {}, 'Status'),
      button('Refresh', refresh, { class: 'quiet' }),
    ),
    make('h2', {}, 'Components'),
    table(
      'Components of the server',
      ['Component', 'State', 'Details'],
      parts.map(({ name, code, details }) => [name, stateMark(code), detailsText(details)]),
    ),
    ...(pools.length === 0
      ? []
      : [
          make('h2', {}, 'Processes'),
          table(
            'Pools of processes',
            ['Language', 'In use', 'Warm', 'At most', 'Takes sessions'],
            pools,
          ),
        ]),
  ];
}

type Details = Readonly<Record<string, unknown>>;

interface Part {
  readonly name: string;
  readonly code: string;
  readonly details: Details;
}

function partsOf(name: string, { statusCode, details, components }: StatusResponse): Part[] {
  const own = { name, code: statusCode ?? '', details: (details ?? {}) as Details };
  const inner = Object.entries((components ?? {}) as Record<string, StatusResponse>);
  const prefix = name === 'server' ? '' : `${name} / `;
  return [own, ...inner.flatMap(([key, part]) => partsOf(prefix + key, part))];
}

function stateMark(code: string): HTMLElement {
  return make('span', { class: `state ${code}` }, WORDS[code] ?? code);
}

const POOL_DETAIL = /^(r|python)(MaxPoolSize|ActiveShellCount|CurrentPoolSize|CanOpenShell)$/;

function detailsText(details: Details): string {
  return Object.entries(details)
    .filter(([name]) => !POOL_DETAIL.test(name))
    .map(([name, value]) => `${name}: ${String(value)}`)
    .join(', ');
}

/** R Server's details have the language before each name: `rMaxPoolSize`, `pythonMaxPoolSize`. */
function poolRows(details: Details): string[][] {
  return (['r', 'python'] as const).flatMap((prefix) => {
    const active = details[`${prefix}ActiveShellCount`];
    if (typeof active !== 'number') return [];
    const current = Number(details[`${prefix}CurrentPoolSize`] ?? 0);
    const max = details[`${prefix}MaxPoolSize`];
    return [
      [
        prefix === 'r' ? 'R' : 'Python',
        String(active),
        String(Math.max(0, current - active)),
        Number(max) > 0 && Number(max) < Number.MAX_SAFE_INTEGER ? String(max) : 'no limit',
        details[`${prefix}CanOpenShell`] === 'False' ? 'no' : 'yes',
      ],
    ];
  });
}
