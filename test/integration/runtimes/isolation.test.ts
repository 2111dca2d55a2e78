// Sessions of real R and real Python with an OS user of their own: what they cannot reach, and what the server is not
// talked into by what they leave in their folders. Needs root; skipped elsewhere.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  createRuntimePool,
  createServiceRuntime,
  openIsolation,
  type Isolation,
  type ProcessLimits,
  type Runtime,
  type RuntimeProcessError,
} from '../../../src/runtimes/index.js';
import { messageOf } from '../../../src/base/index.js';
import {
  describeLanguage,
  isRunning,
  languages,
  pythonCommand,
  run,
  start,
  temporaryFolder,
} from './support.js';

const isRoot = process.getuid?.() === 0;
const SECRET = 'the key that signs tokens';

/** Evaluates shell commands and shows all that they say. */
const shell = {
  R: (command: string): string =>
    `cat(suppressWarnings(system(${JSON.stringify(`{ ${command}; } 2>&1`)}, intern = TRUE)), sep = "\\n")`,
  Python: (command: string): string =>
    `import subprocess; print(subprocess.run(${JSON.stringify(command)}, shell=True, stdout=-1, stderr=-2).stdout.decode())`,
};

describe.skipIf(!isRoot)('with an OS user for each process', () => {
  let isolation: Isolation;
  let folder: string;
  let secretFile: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rserver-isolation-'));
    chmodSync(folder, 0o711);
    secretFile = path.join(folder, 'signing.key');
    writeFileSync(secretFile, SECRET, { mode: 0o600 });
    isolation = await openIsolation({
      workRoot: path.join(folder, 'work'),
      claimFolder: path.join(folder, 'claims'),
      env: process.env,
    });
  });

  afterAll(() => {
    isolation.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const open = (language: 'R' | 'Python', options = {}): Promise<Runtime> =>
    start(languages[language], isolation.workRoot, { isolation, ...options });

  describe.each(['R', 'Python'] as const)('%s', (language) => {
    describeLanguage(language, 'a session', () => {
      const sh = shell[language];
      let session: Runtime;
      let other: Runtime;

      beforeAll(async () => {
        const env = {
          ...process.env,
          RSERVER_DATABASE_URL: 'postgresql://u:hunter2@db/x',
          PGPASSWORD: 'hunter2',
          SOME_API_TOKEN: 'hunter2',
          SOME_PLACE: 'kept',
        };
        [session, other] = await Promise.all([open(language, { env }), open(language)]);
      }, 60_000);

      afterAll(async () => {
        await Promise.all([session.close(), other.close()]);
      }, 60_000);

      test('has a user, and no rights beyond it', async () => {
        const { text: said } = await run(session, sh('cat /proc/self/status; id -G'));

        const uid = /^Uid:\s+(\d+)/m.exec(said)?.[1] ?? '0';
        expect(Number(uid)).toBeGreaterThan(0);
        expect(said).toMatch(new RegExp(`^Gid:\\s+${uid}\\s+${uid}\\s+${uid}`, 'm'));
        expect(said).toMatch(/^CapEff:\s+0+$/m);
        expect(said).toMatch(/^CapBnd:\s+0+$/m);
        expect(said).toMatch(/^NoNewPrivs:\s+1$/m);
        expect(said.trim().split('\n').at(-1)).toBe(uid);
      });

      test("cannot read the server's files, nor the files and folders of another session", async () => {
        await run(other, sh('echo mine > own.txt; chmod 666 own.txt'));
        const [work] = (await run(other, sh('pwd'))).text.trim().split('\n');
        const listed = `ls ${isolation.workRoot} ${path.dirname(work ?? '')}`;

        const { text: said } = await run(
          session,
          sh(`cat ${secretFile} ${work}/own.txt; ${listed}; ls ${work}`),
        );

        expect(said).not.toContain(SECRET);
        expect(said).not.toContain('mine');
        expect(said.match(/denied/g)).toHaveLength(5);
      });

      test("cannot see into or end another session's process, nor the server's", async () => {
        const pid = (await run(other, sh('echo $PPID'))).text.trim();

        const { text: said } = await run(
          session,
          sh(
            `kill -9 ${pid}; kill -9 ${process.pid}; for p in ${pid} ${process.pid}; do head -c1 /proc/$p/mem; cat /proc/$p/environ; ls /proc/$p/fd/; done`,
          ),
        );

        expect(said.match(/not permitted|denied/gi)?.length).toBeGreaterThanOrEqual(8);
        expect((await run(other, language === 'R' ? 'cat(1)' : 'print(1)')).success).toBe(true);
      });

      test('finds no secret in its environment, and everything else', async () => {
        const { text: said } = await run(
          session,
          sh('env; tr "\\\\0" "\\\\n" < /proc/$PPID/environ'),
        );

        expect(said).not.toMatch(/hunter2|RSERVER_DATABASE/);
        expect(said).toContain('SOME_PLACE=kept');
        expect(said).toMatch(/^HOME=.*\/user$/m);
      });

      test('the server does not read through a link, and does not write through one', async () => {
        await run(
          session,
          sh(
            `ln -s ${secretFile} stolen; ln -s ${folder} sub; ln ${secretFile} hard; mkfifo pipe; ln -s /etc/hostname plain`,
          ),
        );

        for (const name of ['stolen', 'pipe', 'plain', 'sub', 'hard']) {
          const error: unknown = await session.readFile(name).catch((reason: unknown) => reason);
          expect((error as RuntimeProcessError).code, name).toBe('RUNTIME_FILE_NOT_FOUND');
        }
        await session.writeFile('stolen', Readable.from('from outside'));
        expect(readFileSync(secretFile, 'utf8')).toBe(SECRET);
        expect(await text(await session.readFile('stolen'))).toBe('from outside');
        expect((await run(session, sh('cat stolen; echo more >> stolen; rm stolen'))).text).toBe(
          'from outside\n',
        );
      });

      test('a snapshot holds what is its own and nothing that a link leads to', async () => {
        const snapshot = mkdtempSync(path.join(folder, 'snapshot-'));
        await run(
          session,
          sh(
            `rm -rf *; mkdir -p deep/er; echo text > deep/er/a.txt; ln -s deep/er/a.txt link.txt; ln -s ${folder} folder; ln -s ${secretFile} stolen; cp /bin/true su; chmod 4755 su`,
          ),
        );
        await run(session, 'kept <- 41'.replace('<-', language === 'R' ? '<-' : '='));

        await session.saveSnapshot(snapshot);

        const files = path.join(snapshot, 'files');
        expect(readdirSync(files, { recursive: true }).sort()).toEqual([
          'deep',
          'deep/er',
          'deep/er/a.txt',
          'link.txt',
          'su',
        ]);
        expect(readFileSync(path.join(files, 'link.txt'), 'utf8')).toBe('text\n');
        expect(statSync(path.join(files, 'su')).mode & 0o7777).toBe(0o755);
        for (const name of ['files', 'files/deep/er/a.txt', 'packages.json']) {
          expect(lstatSync(path.join(snapshot, name)).uid).toBe(0);
        }
      });

      test('a snapshot is loaded into the session it goes to, whatever links are in the way', async () => {
        const snapshot = mkdtempSync(path.join(folder, 'snapshot-'));
        await run(session, sh('rm -rf *; mkdir -p deep; echo text > deep/a.txt; echo top > b.txt'));
        await run(session, language === 'R' ? 'kept <- 41' : 'kept = 41');
        await session.saveSnapshot(snapshot);
        const trap = path.join(folder, `trap-${language}`);
        mkdirSync(trap, { mode: 0o777 });
        await run(other, sh(`rm -rf *; ln -s ${trap} deep; ln -s ${secretFile} b.txt`));

        await other.loadSnapshot(snapshot);

        const { text: said } = await run(
          other,
          sh('cat deep/a.txt b.txt; echo more >> b.txt; cat b.txt'),
        );
        expect(said.split('\n').filter(Boolean)).toEqual(['text', 'top', 'top', 'more']);
        expect(readFileSync(secretFile, 'utf8')).toBe(SECRET);
        expect(readdirSync(trap)).toEqual([]);
        expect(await other.listObjects()).toContain('kept');
      });

      test('a snapshot that is kept in parts, which no session may open, is loaded', async () => {
        const snapshot = mkdtempSync(path.join(folder, 'snapshot-'));
        await run(session, language === 'R' ? 'many <- 1:3 + 0' : 'many = list(range(3))');
        await session.saveSnapshot(snapshot);
        const file = path.join(snapshot, language === 'R' ? 'workspace.RData' : 'workspace.dill');
        const whole = readFileSync(file);
        mkdirSync(`${file}.parts`, { mode: 0o700 });
        for (let part = 1; part <= 11; part += 1) {
          const bytes = whole.subarray((part - 1) * 5, part === 11 ? undefined : part * 5);
          writeFileSync(path.join(`${file}.parts`, String(part)), bytes, { mode: 0o600 });
        }
        rmSync(file);

        await other.loadSnapshot(snapshot);

        expect((await run(other, sh(`cat ${file}.parts/1`))).text).toContain('Permission denied');
        expect(await other.listObjects()).toContain('many');
      });

      test('objects go in and out', async () => {
        await run(session, language === 'R' ? 'x <- 1:3' : 'x = [1, 2, 3]');

        await other.setObject('y', await session.getObject('x'));

        const shown = await run(other, language === 'R' ? 'cat(sum(y))' : 'print(sum(y), end="")');
        expect(shown.text).toBe('6');
      });

      test('nothing of it goes on or stays when it is closed', async () => {
        const passing = await open(language);
        const mark = path.join(tmpdir(), `rserver-left-${language}-${process.pid}`);
        const { text: said } = await run(
          passing,
          sh(`setsid sleep 1000 >/dev/null 2>&1 & echo $!; mkdir -p ${mark}; touch ${mark}/file`),
        );
        const pid = Number(said.trim().split('\n').at(-1));
        const work = (await run(passing, sh('pwd'))).text.trim();
        expect([isRunning(pid), existsSync(mark)]).toEqual([true, true]);

        await passing.close();

        expect([existsSync(mark), existsSync(path.dirname(work))]).toEqual([false, false]);
        await vi.waitFor(() => {
          expect(isRunning(pid)).toBe(false);
        });
      });

      test('one that ends by itself leaves nothing either', async () => {
        const passing = await open(language);
        const work = (await run(passing, sh('pwd'))).text.trim();
        await run(passing, sh('kill -9 $PPID')).catch(() => undefined);
        await passing.exited;

        await passing.close();

        expect(existsSync(path.dirname(work))).toBe(false);
      });
    });

    describeLanguage(language, 'a service', () => {
      const sh = shell[language];

      test('runs with a user of its own, call by call, and gives its files', async () => {
        const service = await createServiceRuntime({
          image: {
            runtimeType: language,
            initCode: '',
            code: sh(
              'id -u; echo made > out.txt; mkdir d; echo x > d/y; cat before; ls; touch before',
            ),
          },
          language: languages[language],
          workRoot: isolation.workRoot,
          env: process.env,
          isolation,
        });
        const target = mkdtempSync(path.join(folder, 'files-'));
        try {
          const call = { inputParameters: [], outputParameters: [], artifacts: ['out.txt', 'd/y'] };

          const first = await service.call({ ...call, filesDirectory: target });
          const second = await service.call(call);

          expect(Number(first.consoleOutput.split('\n')[0])).toBeGreaterThan(0);
          expect(first.artifacts.map(({ content }) => content.toString())).toEqual([
            'made\n',
            'x\n',
          ]);
          expect(readdirSync(target, { recursive: true }).sort()).toEqual([
            'before',
            'd',
            'd/y',
            'out.txt',
          ]);
          expect(second.changedFiles).toEqual(['before', 'd/y', 'out.txt']);
          expect(second.consoleOutput).toBe(first.consoleOutput);
        } finally {
          await service.close();
        }
      });

      test('gives nothing that a link leads to', async () => {
        const service = await createServiceRuntime({
          image: {
            runtimeType: language,
            initCode: '',
            code: sh(`ln -s ${secretFile} out; ln -s ${folder} d`),
          },
          language: languages[language],
          workRoot: isolation.workRoot,
          env: process.env,
          isolation,
        });
        try {
          const { artifacts } = await service.call({
            inputParameters: [],
            outputParameters: [],
            artifacts: ['out', 'd/signing.key'],
          });

          expect(artifacts).toEqual([]);
        } finally {
          await service.close();
        }
      });
    });
  });

  test('a pool gives every process another user, and leaves nothing', async () => {
    const pool = createRuntimePool({
      python: { command: pythonCommand, warmCount: 1 },
      r: { warmCount: 0 },
      env: process.env,
      workRoot: path.join(folder, 'unused'),
      isolation: await openIsolation({
        workRoot: path.join(folder, 'pool'),
        claimFolder: path.join(folder, 'claims'),
        env: process.env,
      }),
    });
    const sessions = [await pool.acquire('Python'), await pool.acquire('Python')];

    const users = await Promise.all(
      sessions.map(async (session) => (await run(session, 'import os; print(os.getuid())')).text),
    );
    await pool.close();

    expect(new Set(users).size).toBe(2);
    expect(existsSync(path.join(folder, 'unused'))).toBe(false);
    expect(existsSync(path.join(folder, 'pool'))).toBe(false);
    expect(readdirSync(path.join(folder, 'claims'))).toHaveLength(1);
  });

  test('two servers never have the same users', async () => {
    const claimFolder = path.join(folder, 'claims');
    const range = { firstUid: 1_950_000_000, uidCount: 2_000 };
    const openOne = (): Promise<Isolation> =>
      openIsolation({ workRoot: path.join(folder, 'two'), claimFolder, range, env: process.env });
    const [one, two] = [await openOne(), await openOne()];

    await expect(openOne()).rejects.toMatchObject({ code: 'RUNTIME_ISOLATION' });
    one.close();
    const three = await openOne();

    expect(Math.floor(three.takeUser().uid / 1_000)).not.toBe(
      Math.floor(two.takeUser().uid / 1_000),
    );
    two.close();
    three.close();
  });

  test('a work folder that others cannot reach is found out at once', async () => {
    const closed = path.join(folder, 'closed');
    mkdirSync(closed, { mode: 0o700 });

    const opening = openIsolation({
      workRoot: path.join(closed, 'work'),
      claimFolder: path.join(folder, 'claims'),
      env: process.env,
    });

    await expect(opening).rejects.toMatchObject({ code: 'RUNTIME_ISOLATION' });
  });

  test('nobody without setpriv is told that sessions are kept apart', async () => {
    const opening = openIsolation({ workRoot: folder, env: { PATH: '' } });

    await expect(opening).rejects.toThrow(/setpriv/);
  });
});

describe('limits', () => {
  const workRoot = temporaryFolder();
  const limited = (language: 'R' | 'Python', limits: ProcessLimits): Promise<Runtime> =>
    start(languages[language], workRoot, { limits });

  describe.each(['R', 'Python'] as const)('of %s', (language) => {
    const loop = { R: 'repeat NULL', Python: 'while True: pass' }[language];
    const large = { R: 'x <- numeric(1e9)', Python: 'x = bytearray(8 * 10**9)' }[language];

    describeLanguage(language, 'a process', () => {
      test('that wants more memory than it may have gets an error that says so, and lives on', async () => {
        const session = await limited(language, { memoryBytes: 1024 ** 3 });

        const { success, errorMessage } = await run(session, large);

        expect(success).toBe(false);
        expect(errorMessage).toMatch(/cannot allocate vector of size 7.5 Gb|MemoryError/);
        expect(errorMessage).toMatch(/The server allows a session 1024 MB of memory\.$/);
        expect((await run(session, language === 'R' ? 'cat(1)' : 'print(1)')).success).toBe(true);
        await session.close();
      });

      test('that has used its processor time ends, and the error says why', async () => {
        const session = await limited(language, { cpuMs: 1_000 });

        await expect(run(session, loop)).rejects.toMatchObject({
          code: 'RUNTIME_EXITED',
          message: `The ${language} process of the session has ended by signal SIGXCPU. It had used the 1 s of processor time that the server allows.`,
        });
        expect((await session.exited).limit).toMatch(/1 s of processor time/);
        await session.close();
      }, 30_000);

      test('that writes too large a file does not get it done', async () => {
        const session = await limited(language, { fileBytes: 1024 ** 2 });
        const write = {
          R: 'writeBin(raw(2e6), "large")',
          Python: 'open("large", "wb").write(bytes(2_000_000))',
        }[language];

        const said = await run(session, write).then(
          ({ errorMessage }) => errorMessage,
          (error: unknown) => messageOf(error),
        );

        expect(said).toMatch(/larger than the 1 MB that the server allows|File too large/);
        await session.close();
      });
    });
  });
});

describe.skipIf(!isRoot)('the number of processes', () => {
  describeLanguage('Python', 'of a session', () => {
    test('is limited, and another session is not touched by that', async () => {
      const folder = temporaryFolder();
      chmodSync(folder, 0o711);
      const isolation = await openIsolation({
        workRoot: path.join(folder, 'work'),
        claimFolder: path.join(folder, 'claims'),
        env: process.env,
      });
      const options = { isolation, limits: { processCount: 20 } };
      const [session, other] = await Promise.all([
        start(languages.Python, isolation.workRoot, options),
        start(languages.Python, isolation.workRoot, options),
      ]);
      const many =
        'import subprocess\nps = [subprocess.Popen(["sleep", "100"]) for _ in range(50)]';

      const { errorMessage } = await run(session, many);
      const outcome = await run(other, 'import subprocess; subprocess.run(["true"])');

      expect(errorMessage).toMatch(/Resource temporarily unavailable/);
      expect(outcome.success).toBe(true);
      await Promise.all([session.close(), other.close()]);
      isolation.close();
    });
  });
});
