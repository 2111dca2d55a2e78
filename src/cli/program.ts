// The commands that people type, with their flags and help. Each loads its own module only when it is called.
import { Command, CommanderError, Option } from 'commander';
import { AppError, messageOf } from '../base/index.js';
import { ConfigError } from './errors.js';
import { thisMachine } from './machine.js';
import { readVersion } from './version.js';
import type { InstallOptions, InstallPlace } from './install.js';
import type { ServeOptions } from './serve.js';
import type { ServerPlace } from './server-configuration.js';
import type { AddUserOptions, SetPasswordOptions } from './user.js';

/** Exit status for what the person can mend: arguments, configuration, a missing program. */
const EXIT_CONFIG = 2;
const EXIT_FAILURE = 1;

/**
 * Runs one command.
 *
 * @param argv - Without the program's own names.
 * @returns The exit status: 0, 1 for a failure (or a bad finding of `doctor`), 2 for a {@link ConfigError}.
 */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const program = createProgram();
  try {
    await program.parseAsync(argv, { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CONFIG;
    process.stderr.write(`${describeError(error)}\n`);
    return error instanceof ConfigError ? EXIT_CONFIG : EXIT_FAILURE;
  }
}

function describeError(error: unknown): string {
  if (!(error instanceof AppError)) return `rserver-kernel: ${messageOf(error)}`;
  const hint = error.hint === undefined ? '' : ` ${error.hint}`;
  return `rserver-kernel: ${error.message}${hint} [${error.code}]`;
}

function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** The program with all its commands; nothing has run yet. */
export function createProgram(): Command {
  const program = new Command('rserver-kernel')
    .description('Notebooks on R Server: a Jupyter kernel, and an open R Server of its own.')
    .version(readVersion())
    .exitOverride();
  addInstallCommands(program);
  addServerCommands(program);
  addUserCommands(program);
  addDoctor(program);
  program
    .command('kernel <connection-file>')
    .description('run a kernel: Jupyter calls this')
    .requiredOption('--language <name>', 'r or python')
    .option('--profile <name>', 'profile of the profile file')
    .option('--<setting> <value>', 'any setting of docs/configuration.md, e.g. --url');
  return program;
}

function addInstallCommands(program: Command): void {
  const withPlace = (command: Command): Command =>
    command
      .option('--user', 'for this user, whatever the environment')
      .option('--sys-prefix', 'for the active virtual or conda environment')
      .option('--prefix <dir>', 'for the environment in this folder')
      .option('--python <file>', 'the Python that is asked for its environment')
      .option('--name <name>', 'first part of the names of both kernels', 'rserver');
  withPlace(program.command('install').description('tell Jupyter of both kernels'))
    .option('--display-name <text>', 'what stands in brackets after the language', 'R Server')
    .option('--profile <name>', 'profile that these kernels use')
    .option('--env <key=value>', 'variable for the kernels; may be repeated', collect, [])
    .action(async (options: InstallOptions) => {
      const { install } = await import('./install.js');
      print(await install(options, thisMachine(), readVersion()));
    });
  withPlace(program.command('uninstall').description('remove both kernels from Jupyter')).action(
    async (options: InstallPlace & { readonly name: string }) => {
      const { uninstall } = await import('./uninstall.js');
      print(await uninstall(options, thisMachine()));
    },
  );
}

const collect = (value: string, previous: readonly string[]): readonly string[] => [
  ...previous,
  value,
];

function addServerCommands(program: Command): void {
  program
    .command('serve')
    .description('run an R Server in the foreground')
    .option('--config <file>', 'TOML file with everything else: see docs/server.md')
    .option('--host <host>', 'address to listen on (default: 127.0.0.1)')
    .addOption(new Option('--port <number>', 'port (default: 12800)').argParser(parsePort))
    .option('--data <dir>', 'folder for snapshots, accounts and logs')
    .option('--password-file <file>', 'file with mode 0600 that holds the password of admin')
    .option('--tls-cert <file>', 'PEM file of the certificate: the server then speaks HTTPS')
    .option('--tls-key <file>', 'PEM file of the key to it, with mode 0600')
    .action(async (options: ServeOptions) => {
      const { serve } = await import('./serve.js');
      await serve(options, thisMachine(), readVersion(), print);
    });
  program
    .command('stop')
    .description('stop the servers of this user')
    .option('--embedded', 'only those that kernels have started')
    .action(async (options: { readonly embedded?: boolean }) => {
      const { stop } = await import('./stop.js');
      print(await stop(thisMachine(), options));
    });
  program
    .command('status')
    .description('show the servers of this user')
    .option('--json', 'as JSON')
    .action(async (options: { readonly json?: boolean }) => {
      const { describeServers, listServers } = await import('./status.js');
      const servers = await listServers(thisMachine());
      print(options.json === true ? [JSON.stringify(servers)] : describeServers(servers));
    });
}

function addUserCommands(program: Command): void {
  const users = program.command('user').description('the local accounts of a server');
  const withPlace = (command: Command): Command =>
    command
      .option('--config <file>', 'TOML file of the server')
      .option('--data <dir>', 'folder of the server, as for serve');
  const withPassword = (command: Command): Command =>
    withPlace(command)
      .option('--password-file <file>', 'file with mode 0600 that holds the password')
      .option('--password-stdin', 'read the password from the standard input');
  withPassword(users.command('add <name>').description('add an account'))
    .option('--role <role>', 'Owner, Contributor or Reader; default what the server says')
    .action(async (name: string, options: AddUserOptions) => {
      const { addUser } = await import('./user.js');
      print(await addUser(name, options, thisMachine()));
    });
  withPlace(users.command('remove <name>').description('remove an account')).action(
    async (name: string, options: ServerPlace) => {
      const { removeUser } = await import('./user.js');
      print(await removeUser(name, options, thisMachine()));
    },
  );
  withPassword(users.command('passwd <name>').description('change a password')).action(
    async (name: string, options: SetPasswordOptions) => {
      const { setPassword } = await import('./user.js');
      print(await setPassword(name, options, thisMachine()));
    },
  );
  withPlace(users.command('role <name> <role>').description('give a role, or `default`')).action(
    async (name: string, role: string, options: ServerPlace) => {
      const { setUserRole } = await import('./user.js');
      print(await setUserRole(name, role, options, thisMachine()));
    },
  );
  withPlace(users.command('list').description('show the accounts'))
    .option('--json', 'as JSON')
    .action(async (options: ServerPlace & { readonly json?: boolean }) => {
      const { listUsers } = await import('./user.js');
      print(await listUsers(options, thisMachine()));
    });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new ConfigError('CONFIG_ARGUMENT', `--port takes a number from 0 to 65535, not ${text}.`);
}

function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('look at all that is needed, and say what to do about what is missing')
    .option('--profile <name>', 'profile of the profile file')
    .option('--url <url>', 'the server to try')
    .option('--username <name>', 'whom to log in as')
    .option('--json', 'as JSON')
    .action(async ({ json, ...flags }: Record<string, string | boolean>) => {
      const { describeFindings, examine } = await import('./doctor.js');
      const { promptSecret } = await import('./prompt-secret.js');
      const findings = await examine(
        thisMachine(),
        flags as Record<string, string>,
        readVersion(),
        promptSecret,
      );
      print(json === true ? [JSON.stringify(findings)] : describeFindings(findings));
      if (findings.some(({ state }) => state === 'bad')) process.exitCode = EXIT_FAILURE;
    });
}
