// The form to log in: with a password, or with an access token where the users come from an OpenID provider.
import { CallError, type Api } from './api.js';
import { make, onSubmit } from './dom.js';

/** @param onDone - Called when the login has succeeded. */
export function loginView(api: Api, onDone: () => void): HTMLElement {
  const username = make('input', { name: 'username', autocomplete: 'username', required: true });
  const password = make('input', {
    name: 'password',
    type: 'password',
    autocomplete: 'current-password',
  });
  const token = make('input', { name: 'token', type: 'password', autocomplete: 'off' });
  const problem = make('p', { class: 'bad', role: 'alert' });
  token.addEventListener('input', () => {
    username.required = token.value === '';
  });
  const form = make(
    'form',
    { class: 'card login', 'aria-label': 'Log in' },
    make('h1', {}, 'R Server'),
    make('label', {}, 'User name', username),
    make('label', {}, 'Password', password),
    make(
      'details',
      {},
      make('summary', {}, 'Log in with an access token'),
      make('label', {}, 'Access token of your OpenID provider', token),
    ),
    problem,
    make('button', { type: 'submit', class: 'primary' }, 'Log in'),
  );
  onSubmit(form, async () => {
    problem.textContent = '';
    try {
      if (token.value === '') await api.login(username.value, password.value);
      else await api.useToken(token.value.trim());
      onDone();
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      problem.textContent = reasonOf(error, token.value !== '');
      password.select();
    }
  });
  return make('main', { class: 'middle' }, form);
}

function reasonOf({ status, message }: CallError, hasToken: boolean): string {
  if (status !== 401) return message;
  return hasToken ? 'The server does not take this token.' : 'Wrong user name or password.';
}
