// Settings out of the notebook that a kernel was started for.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readNotebookBlock } from '../../../src/cli/notebook-metadata.js';
import { fakeMachine } from '../../helpers/machine.js';

describe('the block `rserver` of a notebook', () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'rsk-'));
    file = path.join(directory, 'a.ipynb');
  });
  afterEach(() => {
    rmSync(directory, { recursive: true });
  });

  const read = (sessionName: string) =>
    readNotebookBlock(
      fakeMachine({ JPY_SESSION_NAME: sessionName }, { currentDirectory: directory }),
    );

  test('is read from the notebook that the session names', async () => {
    writeFileSync(file, JSON.stringify({ metadata: { rserver: { profile: 'work' } } }));

    expect(await read(file)).toEqual({ file, values: { profile: 'work' } });
  });

  test('is found when the name starts at the root of the Jupyter server', async () => {
    writeFileSync(file, JSON.stringify({ metadata: { rserver: { display: 'plain' } } }));

    expect(await read('some/folder/a.ipynb')).toEqual({ file, values: { display: 'plain' } });
  });

  test.each([
    ['there is no notebook', undefined],
    ['the notebook is no JSON', '{"metadata":'],
    ['the notebook has no block', '{"metadata":{}}'],
    ['the block is no object', '{"metadata":{"rserver":[1]}}'],
  ])('is undefined when %s', async (_reason, content) => {
    if (content !== undefined) writeFileSync(file, content);

    expect(await read(file)).toBeUndefined();
  });

  test('is undefined for a console', async () => {
    expect(await readNotebookBlock(fakeMachine())).toBeUndefined();
  });
});
