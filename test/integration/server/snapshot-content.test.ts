// What real snapshots take on the disk, and what programs find in them.
import { execFileSync } from 'node:child_process';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createDeferred } from '../../../src/base/index.js';
import { isMissing, venvBin } from '../../helpers/requirements.js';
import { startRealServer, type RealTestServer } from './harness.js';

const LONG_MS = 120_000;
const MEBIBYTE = 1024 ** 2;

let dataDirectory: string;
let outside: string;
let server: RealTestServer;
let token: string;

beforeEach(async () => {
  dataDirectory = await mkdtemp(path.join(os.tmpdir(), 'rserver-content-'));
  outside = await mkdtemp(path.join(os.tmpdir(), 'rserver-outside-'));
  server = await startRealServer(dataDirectory);
  token = await server.token();
});

afterEach(async () => {
  await server.close();
  await rm(dataDirectory, { recursive: true, force: true });
  await rm(outside, { recursive: true, force: true });
});

async function execute(
  id: string,
  code: string,
  outputs: readonly string[] = [],
): Promise<unknown[]> {
  const { body } = await server.execute(token, id, { code, outputParameters: [...outputs] });
  expect(body).toMatchObject({ success: true });
  return (body.outputParameters ?? []).map(({ value }) => value);
}

async function snapshotOf(id: string): Promise<string> {
  const { statusCode, body } = await server.call<{ snapshotId: string }>(
    'POST',
    `/sessions/${id}/snapshot`,
    { token, body: {} },
  );
  expect(statusCode).toBe(201);
  return body.snapshotId;
}

/** A snapshot whose request asks to be told when the state is taken. */
function tellingSnapshotOf(id: string): { taken: Promise<void>; made: Promise<string> } {
  const taken = createDeferred<undefined>();
  const made = createDeferred<string>();
  const headers = { authorization: `Bearer ${token}`, 'rserver-taken': '102' };
  const sent = request(`${server.url}/sessions/${id}/snapshot`, { method: 'POST', headers });
  sent.on('information', ({ statusCode }) => {
    if (statusCode === 102) taken.resolve(undefined);
  });
  sent.on('error', made.reject);
  sent.on('response', (answer) => {
    text(answer).then((body) => {
      made.resolve((JSON.parse(body) as { snapshotId: string }).snapshotId);
    }, made.reject);
  });
  sent.end();
  return { taken: taken.promise, made: made.promise };
}

/** Unpacks what the server gives of a snapshot; returns the folder. */
async function download(snapshotId: string): Promise<string> {
  const { body, headers } = await server.call<Buffer>('GET', `/snapshots/${snapshotId}`, { token });
  expect(headers['content-length']).toBe(String(body.length));
  const zip = path.join(outside, `${snapshotId}.zip`);
  await writeFile(zip, body);
  execFileSync(venvBin('python'), ['-m', 'zipfile', '-e', zip, path.join(outside, snapshotId)]);
  return path.join(outside, snapshotId);
}

/** Disk that the content of snapshots and services takes; what is linked twice counts once. */
function contentBytes(): number {
  const folders = ['snapshots', 'services', 'chunks'].map((name) => path.join(dataDirectory, name));
  const { length } = folders;
  const out = execFileSync('du', ['-c', '-B1', '-s', ...folders.slice(0, length)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return Number(out.toString().trim().split('\n').at(-1)?.split('\t')[0]);
}

const folderOf = (snapshotId: string): string => path.join(dataDirectory, 'snapshots', snapshotId);

describe.skipIf(isMissing('R'))('of a large R workspace', () => {
  const FILL =
    'set.seed(1); big <- rnorm(3e6); small <- list(a = 1, b = letters); writeLines("x", "a.txt")';

  test(
    'the zip holds one file that load() of plain R reads',
    async () => {
      const id = await server.session(token);
      const [sum] = await execute(id, `${FILL}; sum <- sum(big)`, ['sum']);
      const snapshotId = await snapshotOf(id);

      const folder = await download(snapshotId);

      expect((await readdir(folderOf(snapshotId))).sort()).toEqual([
        'chunks.json',
        'files',
        'packages.json',
        'workspace.RData.parts',
      ]);
      expect((await readdir(folder)).sort()).toEqual(['files', 'packages.json', 'workspace.RData']);
      const code = `load("workspace.RData"); cat(format(sum(big), digits = 15), small$b[3], exists(".Random.seed"))`;
      const said = execFileSync('Rscript', ['-e', code], { cwd: folder }).toString();
      expect(Number(said.split(' ')[0])).toBeCloseTo(sum as number, 8);
      expect(said).toMatch(/ c TRUE$/);
    },
    LONG_MS,
  );

  test(
    'a second snapshot that is nearly the same takes little more, and deleting frees all that nobody needs',
    async () => {
      const id = await server.session(token);
      await execute(id, `${FILL}; writeBin(runif(5e5), "numbers.bin")`);
      const first = await snapshotOf(id);
      const firstBytes = contentBytes();
      await execute(id, 'small$a <- 2; big[1:5] <- 0');
      const second = await snapshotOf(id);
      const bothBytes = contentBytes();

      await server.call('DELETE', `/snapshots/${first}`, { token });
      const restored = await server.session(token, { snapshotId: second });
      const values = await execute(
        restored,
        'n <- length(big); s <- sum(big[1:5]); f <- file.size("numbers.bin")',
        ['n', 's', 'f'],
      );
      await server.call('DELETE', `/snapshots/${second}`, { token });

      expect(firstBytes).toBeGreaterThan(26 * MEBIBYTE);
      expect(bothBytes - firstBytes).toBeLessThan(10 * MEBIBYTE);
      expect(values).toEqual([3e6, 0, 4e6]);
      expect(await readdir(path.join(dataDirectory, 'chunks'))).toEqual([]);
    },
    LONG_MS,
  );

  test(
    'a service that is published with it has links of its own, and keeps working when it is deleted',
    async () => {
      const id = await server.session(token);
      await execute(id, FILL);
      const snapshotId = await snapshotOf(id);
      const before = contentBytes();
      const service = {
        code: 'n <- length(big)',
        snapshotId,
        outputParameterDefinitions: [{ name: 'n', type: 'numeric' }],
      };
      const published = await server.call('POST', '/services/counts/1.0', { token, body: service });
      const after = contentBytes();
      await server.call('DELETE', `/snapshots/${snapshotId}`, { token });

      const { body } = await server.call('POST', '/api/counts/1.0', { token, body: {} });
      await server.call('DELETE', '/services/counts/1.0', { token });

      expect(published.statusCode).toBe(201);
      expect(after - before).toBeLessThan(MEBIBYTE);
      expect(body).toMatchObject({ success: true, outputParameters: { n: 3e6 } });
      await vi.waitFor(async () => {
        expect(await readdir(path.join(dataDirectory, 'chunks'))).toEqual([]);
      });
    },
    LONG_MS,
  );

  test(
    'one in the form of earlier versions, a single file as save() writes it, is still loaded and given out',
    async () => {
      const id = await server.session(token);
      await execute(id, FILL);
      const snapshotId = await snapshotOf(id);
      const folder = folderOf(snapshotId);
      await rm(path.join(folder, 'workspace.RData.parts'), { recursive: true });
      await rm(path.join(folder, 'chunks.json'));
      const code =
        'old <- c(1.5, 2.5); .hidden <- "h"; save(list = ls(all.names = TRUE), file = "workspace.RData", compress = FALSE)';
      execFileSync('Rscript', ['-e', code], { cwd: folder });

      const restored = await server.session(token, { snapshotId });

      expect(await execute(restored, 'o <- sum(old); h <- .hidden', ['o', 'h'])).toEqual([4, 'h']);
      expect((await readdir(await download(snapshotId))).sort()).toContain('workspace.RData');
    },
    LONG_MS,
  );
});

describe.skipIf(isMissing('jupyter'))('of a large Python workspace', () => {
  test(
    'the zip holds one file that dill reads, and a session too',
    async () => {
      const id = await server.session(token, { runtimeType: 'Python' });
      await execute(
        id,
        'import random\nrandom.seed(1)\nbig = random.randbytes(20_000_000)\ndef double(x): return 2 * x',
      );
      const snapshotId = await snapshotOf(id);

      const folder = await download(snapshotId);
      const restored = await server.session(token, { snapshotId });

      const code = `import dill; s = dill.load(open("workspace.dill", "rb"))["objects"]; print(len(s["big"]), s["double"](21))`;
      expect(execFileSync(venvBin('python'), ['-c', code], { cwd: folder }).toString()).toBe(
        '20000000 42\n',
      );
      expect((await readdir(folderOf(snapshotId))).sort()).toContain('workspace.dill.parts');
      expect(await execute(restored, 'n = len(big)\nd = double(4)', ['n', 'd'])).toEqual([
        20_000_000, 8,
      ]);
    },
    LONG_MS,
  );
});

test.skipIf(isMissing('R'))(
  'cells of a session run while its snapshot is written, and 102 tells when they can',
  async () => {
    const id = await server.session(token);
    const flag = path.join(outside, 'go');
    await execute(
      id,
      `x <- 1; makeActiveBinding("slow", function() { while (!file.exists(${JSON.stringify(flag)})) Sys.sleep(0.01); 2 }, globalenv())`,
    );
    const { taken, made } = tellingSnapshotOf(id);
    await taken;

    // Would wait for ever if the queue of the session were held until the snapshot is written.
    await execute(id, 'x <- 3');
    await writeFile(flag, '');
    const restored = await server.session(token, { snapshotId: await made });

    expect(await execute(restored, 'y <- x + slow', ['y'])).toEqual([3]);
  },
  LONG_MS,
);
