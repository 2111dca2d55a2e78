// The user's own sessions: the API shows no others.
import type { Session } from '../../api/index.js';
import { pathOf, type Api } from './api.js';
import { button, confirm, make, notify, table } from './dom.js';

export async function sessionsView(
  api: Api,
  refresh: () => Promise<void>,
): Promise<readonly Node[]> {
  const sessions = await api.get<Session[]>('sessions');
  const title = make(
    'div',
    { class: 'title' },
    make('h1', {}, 'Sessions'),
    button('Refresh', refresh, { class: 'quiet' }),
  );
  if (sessions.length === 0) {
    const text = 'You have no sessions. A notebook on this server opens one with its first cell.';
    return [title, make('p', { class: 'empty' }, text)];
  }
  const rows = sessions.map((session) => [
    session.name ?? '',
    make('span', { class: 'tag' }, session.runtimeType ?? ''),
    make('code', {}, session.id ?? ''),
    closeButton(api, session, refresh),
  ]);
  return [title, table('Your sessions', ['Name', 'Language', 'Id', ''], rows)];
}

function closeButton(api: Api, { id = '', name }: Session, refresh: () => Promise<void>) {
  const label = name === undefined || name === '' ? id : name;
  const close = async (): Promise<void> => {
    const question = `Close session ${label}? Its variables and files are lost; what runs in it is stopped.`;
    if (!(await confirm(question, 'Close session'))) return;
    await api.delete(`${pathOf('sessions', id)}/force`);
    notify(`Session ${label} is closed.`);
    await refresh();
  };
  return button('Close', close, { class: 'quiet', 'aria-label': `Close session ${label}` });
}
