// Where a language's program is, and the environment that it runs in.
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';

/** Environment variables as the composition root hands them over. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The absolute path of a program, from a path or from a name in PATH; undefined when there is none. */
export async function findProgram(command: string, env: Environment): Promise<string | undefined> {
  const folders = (env['PATH'] ?? '').split(path.delimiter).filter((folder) => folder !== '');
  const candidates = command.includes('/')
    ? [path.resolve(command)]
    : folders.map((folder) => path.join(folder, command));
  for (const candidate of candidates) {
    if (await canAccess(candidate, constants.X_OK)) return candidate;
  }
  return undefined;
}

/** Without this product's own settings, which may hold secrets, and in UTF-8 whatever the locale. */
export function sessionEnvironment(env: Environment): Record<string, string | undefined> {
  const session = Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('RSERVER_')),
  );
  session['MPLBACKEND'] ??= 'Agg';
  const locale = ['LC_ALL', 'LC_CTYPE', 'LANG'].map((name) => session[name] ?? '').find(Boolean);
  if (/utf-?8/i.test(locale ?? '')) return session;
  return { ...session, LC_ALL: undefined, LC_CTYPE: 'C.UTF-8' };
}

/**
 * The environment of a process with an OS user of its own: secrets of whoever runs the server are none of the session's.
 * What names no secret stays, as drivers and libraries are told by it where things are.
 */
export function withoutSecrets(env: Environment, home: string): Environment {
  const kept = Object.entries(env).filter(([name]) => !SECRET_NAME.test(name));
  return { ...Object.fromEntries(kept), HOME: home, USER: SESSION_USER, LOGNAME: SESSION_USER };
}

const SECRET_NAME =
  /PASSW|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|PRIVATE|_KEY$|^KEY$|API_?KEY|COOKIE|^PG|_URL$|_URI$|_DSN$|^(SSH|SUDO|XDG|DBUS|KUBERNETES)_|^MAIL$/i;
const SESSION_USER = 'rserver';

/** Whether a file is there, and can be used as `mode` says. */
export const canAccess = (file: string, mode: number = constants.F_OK): Promise<boolean> =>
  access(file, mode).then(
    () => true,
    () => false,
  );
