// How snapshots are taken of real R and real Python: the session goes on while a copy of its process writes.
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  createWriteStream,
  readdirSync,
  readFileSync,
  readlinkSync,
  truncateSync,
} from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createDeferred, type Deferred } from '../../../src/base/index.js';
import type { Runtime } from '../../../src/runtimes/index.js';
import { describeLanguage, languages, run, start, temporaryFolder } from './support.js';

const MEBIBYTE = 1024 ** 2;

const CODE = {
  R: {
    big: 'big <- c(1, numeric(999999)); shared <- new.env(); a <- list(shared, shared); .hidden <- 1; set.seed(7)',
    change: 'big[1] <- 99; rm(a)',
    look: 'cat(big[1], length(big), identical(a[[1]], a[[2]]), .hidden, runif(1))',
    expected: '1 1000000 TRUE 1 0.988909',
    pid: 'cat(Sys.getpid())',
    folder: 'cat(getwd())',
    fails: 'makeActiveBinding("bad", function() stop("no value"), globalenv()); good <- 1',
    failure: /'bad' \(no value\)/,
    alone:
      'utils::assignInNamespace("mcfork", function(...) stop("no more processes"), "parallel")',
  },
  Python: {
    big: 'big = list(range(10**6)); shared = []; a = [shared, shared]; _hidden = 1; import random; random.seed(7)',
    change: 'big[0] = 99; del a',
    look: 'print(big[0] + 1, len(big), a[0] is a[1], _hidden, end="")',
    expected: '1 1000000 True 1',
    pid: 'import os; print(os.getpid(), end="")',
    folder: 'import os; print(os.getcwd(), end="")',
    fails: 'bad = (i for i in [1]); good = 1',
    failure: /'bad' \(/,
    alone: 'import os\ndef fork(): raise OSError("no more processes")\nos.fork = fork\ndel fork',
  },
} as const;

/** Processes that are in a folder. */
function processesIn(folder: string): string[] {
  return readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`) === folder;
    } catch {
      return false; // has ended meanwhile
    }
  });
}

/** Processes that a process has started, dead ones too. */
function childrenOf(pid: string): string[] {
  const all = execFileSync('ps', ['-A', '-o', 'pid=,ppid=']).toString();
  return all.split('\n').flatMap((line) => {
    const [child = '', parent] = line.trim().split(/\s+/);
    return parent === pid ? [child] : [];
  });
}

for (const language of ['R', 'Python'] as const) {
  describeLanguage(language, `a snapshot of ${language}`, () => {
    const workRoot = temporaryFolder();
    const code = CODE[language];
    let count = 0;
    let folder: string;
    let session: Runtime;
    let reading: Deferred<undefined>;

    beforeEach(async () => {
      folder = path.join(workRoot, `snapshot-${(count += 1)}`);
      await mkdir(folder);
      session = await start(languages[language], workRoot);
      reading = createDeferred();
    });

    afterEach(async () => {
      reading.resolve(undefined);
      await session.close();
    });

    /** Reads nothing before `reading` is resolved: what writes a large workspace has to wait. */
    const keep = async (fd: number, file: string): Promise<void> => {
      await reading.promise;
      await pipeline(new Socket({ fd, readable: true, writable: false }), createWriteStream(file));
    };

    /** Begins one; settles when the session can go on. */
    async function take(): Promise<{ readonly saved: Promise<void> }> {
      const taken = createDeferred<undefined>();
      const saved = session.saveSnapshot(folder, {
        keep,
        onTaken: () => {
          taken.resolve(undefined);
        },
      });
      await Promise.race([taken.promise, saved]);
      return { saved };
    }

    test('holds what was there when it was taken, although the session has gone on meanwhile', async () => {
      await run(session, code.big);
      const { saved } = await take();
      const changed = await run(session, code.change);
      reading.resolve(undefined);
      await saved;

      const other = await start(languages[language], workRoot);
      await other.loadSnapshot(folder);

      expect(changed.success).toBe(true);
      expect((await run(other, code.look)).text).toContain(code.expected);
      await other.close();
    });

    test('that cannot be saved names the objects, and the session lives on', async () => {
      await run(session, code.fails);
      reading.resolve(undefined);

      const { saved } = await take().catch((error: unknown) => ({
        saved: Promise.reject(error as Error),
      }));

      await expect(saved).rejects.toMatchObject({
        code: 'RUNTIME_OBJECT_NOT_SERIALIZABLE',
        message: expect.stringMatching(code.failure) as string,
      });
      expect((await run(session, code.pid)).success).toBe(true);
    });

    test('whose writer is killed fails, and the session lives on without a dead child', async () => {
      await run(session, code.big);
      const { text: pid } = await run(session, code.pid);
      const { saved } = await take();
      const { text: work } = await run(session, code.folder);
      const [writer] = processesIn(work).filter((process) => process !== pid);

      process.kill(Number(writer), 'SIGKILL');
      reading.resolve(undefined);

      await expect(saved).rejects.toMatchObject({ code: 'RUNTIME_SNAPSHOT_CUT' });
      expect((await run(session, code.pid)).text).toBe(pid);
      await vi.waitFor(() => {
        expect([processesIn(work), childrenOf(pid)]).toEqual([[pid], []]);
      });
    });

    test.each(['close', 'destroy'] as const)(
      'is written to its end when the session ends by %s',
      async (end) => {
        await run(session, code.big);
        const { saved } = await take();

        void session[end]();
        await session.exited;
        reading.resolve(undefined);
        await saved;

        const other = await start(languages[language], workRoot);
        await other.loadSnapshot(folder);
        expect((await run(other, code.look)).text).toContain(code.expected);
        await other.close();
      },
    );

    test('is written by the session itself where its process cannot be copied', async () => {
      await run(session, code.alone);
      await run(session, code.big);
      const { saved } = await take();
      const next = run(session, code.change);

      reading.resolve(undefined);
      await saved;

      expect((await next).success).toBe(true);
      await session.loadSnapshot(folder);
      expect((await run(session, code.look)).text).toContain(code.expected);
    });

    test('leaves nothing of itself beside the working directory', async () => {
      const { text: work } = await run(session, code.folder);
      const home = path.dirname(work);
      const before = await readdir(home);

      reading.resolve(undefined);
      await (
        await take()
      ).saved;

      expect(await readdir(home)).toEqual(before);
    });

    test('keeps large files while the session goes on', async () => {
      const { text: work } = await run(session, code.folder);
      for (const name of ['one.bin', 'two.bin']) {
        await writeFile(path.join(work, name), name);
        truncateSync(path.join(work, name), 40 * MEBIBYTE);
      }

      reading.resolve(undefined);
      await (
        await take()
      ).saved;

      for (const name of ['one.bin', 'two.bin']) {
        expect((await stat(path.join(folder, 'files', name))).size).toBe(40 * MEBIBYTE);
        expect(readFileSync(path.join(folder, 'files', name)).toString('latin1', 0, 7)).toBe(name);
      }
    });

    test('fails when a large file changes while it is kept, rather than to keep half of a change', async () => {
      const { text: work } = await run(session, code.folder);
      for (const name of ['one.bin', 'two.bin']) {
        await writeFile(path.join(work, name), name);
        truncateSync(path.join(work, name), 40 * MEBIBYTE);
      }
      const onTaken = (): void => {
        for (const name of ['one.bin', 'two.bin']) appendFileSync(path.join(work, name), 'more');
      };

      await expect(session.saveSnapshot(folder, { onTaken })).rejects.toMatchObject({
        code: 'RUNTIME_FILE_CHANGED',
      });
    });
  });
}
