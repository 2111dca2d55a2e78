// The admin page: log in, then one view at a time, chosen by the part of the address after `#`.
import { Api } from './api.js';
import { button, make, wordsOf } from './dom.js';
import { loginView } from './login.js';
import { serviceView } from './service.js';
import { servicesView } from './services.js';
import { sessionsView } from './sessions.js';
import { snapshotsView } from './snapshots.js';
import { statusView } from './status.js';

const VIEWS = {
  services: { title: 'Services', show: servicesView },
  sessions: { title: 'Sessions', show: sessionsView },
  snapshots: { title: 'Snapshots', show: snapshotsView },
  status: { title: 'Status', show: statusView },
} as const;

const page = document.querySelector('#page') ?? document.body;
const api = new Api();
const main = make('main', { id: 'main', tabindex: '-1' });
/** Counts views: what comes in late for one that was left is dropped. */
let viewCount = 0;

function showLogin(): void {
  viewCount += 1;
  document.title = 'Log in – R Server';
  page.replaceChildren(loginView(api, showShell));
  page.querySelector('input')?.focus();
}

function showShell(): void {
  const links = Object.entries(VIEWS).map(([name, { title }]) =>
    make('a', { href: `#${name}` }, title),
  );
  const header = make(
    'header',
    {},
    make('strong', {}, 'R Server'),
    make('nav', { 'aria-label': 'Views' }, ...links),
    button(
      'Log out',
      async () => {
        await api.logout();
        showLogin();
      },
      { class: 'quiet' },
    ),
  );
  page.replaceChildren(
    make('a', { href: '#main', class: 'skip' }, 'Skip to content'),
    header,
    main,
  );
  page.querySelector('.skip')?.addEventListener('click', (event) => {
    event.preventDefault();
    main.focus();
  });
  void showView();
}

async function showView(): Promise<void> {
  const [name = '', ...rest] = location.hash.slice(1).split('/').map(decoded);
  const viewName = Object.hasOwn(VIEWS, name) ? (name as keyof typeof VIEWS) : 'services';
  viewCount += 1;
  const own = viewCount;
  for (const link of page.querySelectorAll('nav a')) {
    if (link.getAttribute('href') === `#${viewName}`) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const { title, show } = VIEWS[viewName];
  document.title = `${title} – R Server`;
  main.setAttribute('aria-busy', 'true');
  const isCurrent = (): boolean => own === viewCount;
  const [service, version] = rest;
  const view = await (
    viewName === 'services' && service !== undefined && version !== undefined
      ? serviceView(api, service, version, isCurrent)
      : show(api, refresh)
  ).catch((error: unknown) => [
    make('h1', {}, title),
    make('p', { class: 'bad', role: 'alert' }, wordsOf(error)),
  ]);
  if (!isCurrent() || !main.isConnected) return;
  main.replaceChildren(...view);
  main.removeAttribute('aria-busy');
}

async function refresh(): Promise<void> {
  await showView();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

api.onLoggedOut = showLogin;
addEventListener('hashchange', () => {
  if (main.isConnected) void showView();
});
if (await api.resume()) showShell();
else showLogin();
