// What `doctor` says of the R and the Python it finds, by programs that stand in for them.
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ResolvedConfiguration } from '../../../src/cli/config.js';
import { examinePython, examineR, type Finding } from '../../../src/cli/doctor.js';
import { Surroundings } from '../../helpers/command-line.js';

describe.skipIf(process.platform === 'win32')('doctor', () => {
  let here: Surroundings;
  let program: string;
  beforeEach(() => {
    here = new Surroundings();
    program = path.join(here.directory, 'stand-in');
  });
  afterEach(() => here.close());

  /** Looks at a program that answers every question with one text. */
  async function look(
    language: 'R' | 'Python',
    answer: string,
    { isNeeded = true } = {},
  ): Promise<Finding> {
    writeFileSync(program, `#!/bin/sh\necho '${answer}'\n`);
    chmodSync(program, 0o755);
    here.env[language === 'R' ? 'RSERVER_R' : 'RSERVER_PYTHON'] = program;
    const configuration = new ResolvedConfiguration({ machine: here.machine, flags: {} });
    const examine = language === 'R' ? examineR : examinePython;
    return examine(configuration, here.machine, isNeeded);
  }

  const python = (version: string): string => JSON.stringify([program, '/usr', version]);

  test.each(['3.5.0', '4.2.2', '10.0.0'])('R %s is new enough', async (version) => {
    expect(await look('R', `${version} TRUE`)).toEqual({
      name: 'R',
      state: 'ok',
      detail: `${version} at ${program}`,
    });
  });

  test.each(['3.3.3', '3.4.4', '2.15.3'])('R %s is too old', async (version) => {
    expect(await look('R', `${version} TRUE`)).toEqual({
      name: 'R',
      state: 'bad',
      detail: `${version} at ${program} is too old for sessions`,
      remedy: 'Install R 3.5 or newer, or set RSERVER_R to one that is there.',
    });
  });

  test.each(['3.5.3', '3.11.2', '3.14.0rc1'])('Python %s is new enough', async (version) => {
    expect(await look('Python', python(version))).toEqual({
      name: 'Python',
      state: 'ok',
      detail: `${version} at ${program}`,
    });
  });

  test.each(['2.7.18', '3.4.10'])('Python %s is too old', async (version) => {
    expect(await look('Python', python(version))).toEqual({
      name: 'Python',
      state: 'bad',
      detail: `${version} at ${program} is too old for sessions`,
      remedy: 'Install Python 3.5 or newer, or set RSERVER_PYTHON to one that is there.',
    });
  });

  test('an old one does no harm where sessions run on another server', async () => {
    expect(await look('R', '3.3.3 TRUE', { isNeeded: false })).toMatchObject({
      state: 'unneeded',
      remedy: 'Not needed: sessions run on the server that is set.',
    });
  });
});
