// Asks for a secret at the terminal, without showing it.
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/**
 * @param prompt - E.g. `Password for ada: `.
 * @throws Error when there is no terminal to ask at.
 */
export async function promptSecret(prompt: string): Promise<string> {
  if (!process.stdin.isTTY) throw new Error('There is no terminal to ask for the password at.');
  process.stderr.write(prompt);
  const nowhere = new Writable({
    write: (_chunk, _encoding, done) => {
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await lines.question('');
  } finally {
    lines.close();
    process.stderr.write('\n');
  }
}
