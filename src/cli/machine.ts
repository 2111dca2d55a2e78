// What the command line may ask about this computer, as a value: the one place that reads process.env.
import { homedir } from 'node:os';

/** The surroundings of the program; tests hand in others. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDirectory: string;
  readonly currentDirectory: string;
}

/** The computer that this program runs on. */
export function thisMachine(): Machine {
  return {
    platform: process.platform,
    env: process.env,
    homeDirectory: homedir(),
    currentDirectory: process.cwd(),
  };
}

/** An environment variable; an empty one counts as not set. */
export function variable(machine: Machine, name: string): string | undefined {
  const value = machine.env[name];
  return value === undefined || value === '' ? undefined : value;
}
