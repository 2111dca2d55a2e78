// The second session of a notebook: its questions, its comms, interrupts, and what a restart does with it.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { CommMessage } from '../../../src/jupyter/index.js';
import { FakeHost, OutputRecorder, noInput } from '../../helpers/fake-remote.js';
import { isMissing } from '../../helpers/requirements.js';
import { MODES, TestSite, type TestKernel } from './harness.js';

const PROMPT = 'Who? ';

describe.skipIf(isMissing('R', 'jupyterlab')).each(MODES)('two languages, %s', (mode) => {
  let site: TestSite;
  let folder: string;

  beforeAll(async () => {
    site = await TestSite.start();
    folder = await mkdtemp(path.join(os.tmpdir(), 'rserver-two-'));
  });
  afterEach(() => site.endKernels());
  afterAll(async () => {
    await site.close();
    await rm(folder, { recursive: true });
  });

  const deliver = async (kernel: TestKernel, message: CommMessage) => {
    const output = new OutputRecorder();
    const { signal } = new AbortController();
    const handled = await kernel.interpreter.handleComm?.(message, output, noInput, signal);
    return { handled, text: output.text(), outputs: output.outputs };
  };

  test('a widget of a Python cell in an R notebook works, and is closed with its session', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    const host = new FakeHost();
    kernel.interpreter.start(host);
    const { outputs } = await kernel.ok(
      `%%python
import comm
box = comm.create_comm(target_name="jupyter.widget", data={"state": 1})
box.on_msg(lambda message: (print("got", message["content"]["data"]), box.send({"state": 2})))`,
    );
    const opened = outputs.flatMap((one) => ('comm' in one ? [one.comm] : []))[0];
    const commId = opened?.commId ?? '';

    const answer = await deliver(kernel, { type: 'message', commId, data: { value: 5 } });
    const unknown = await deliver(kernel, {
      type: 'open',
      commId: 'other',
      targetName: 'nobody',
      data: {},
    });
    host.commCalls.length = 0;
    await kernel.ok('%restart');

    expect(opened).toMatchObject({ type: 'open', targetName: 'jupyter.widget' });
    expect(answer).toMatchObject({ handled: true, text: "got {'value': 5}\n" });
    expect(answer.outputs.at(-1)).toMatchObject({ comm: { commId, data: { state: 2 } } });
    expect(unknown.handled).toBe(false);
    expect(host.commCalls).toEqual(['closeAll']);
  });

  test('an R cell in a Python notebook leaves the widgets of the notebook alone', async () => {
    const kernel = await site.kernel({ language: 'python', mode });
    const host = new FakeHost();
    kernel.interpreter.start(host);
    await kernel.ok('1');
    host.commCalls.length = 0;

    await kernel.ok('%%r\n1');

    expect(host.commCalls).toEqual([]);
  });

  test('a restart of the session empties both; with "keep" both stay', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    await kernel.ok('here <- 1');
    await kernel.ok('%%python\nthere = 2');

    await kernel.ok('%restart keep');
    const kept = await kernel.ok('%%python\nprint(there)');
    const restarted = await kernel.ok('%restart');
    const lost = await kernel.run('%%python\nprint(there)');

    expect(kept.text).toBe('2\n');
    expect(restarted.text).toContain('The Python session of this notebook has ended, too');
    expect(lost.result).toMatchObject({ ename: 'NameError' });
    expect(await site.client().sessions.list()).toHaveLength(2);
  });

  test('input() is asked for, or says why it cannot be', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    const requestInput = vi.fn(() => Promise.resolve('Ada'));

    const cell = await kernel.run(`%%python\nprint("Hello", input("${PROMPT}"))`, {
      input: { allowed: true, requestInput },
    });

    if (mode === 'extensions') {
      expect(cell.text).toBe('Hello Ada\n');
      expect(requestInput).toHaveBeenCalledExactlyOnceWith(PROMPT, { password: false });
    } else {
      expect(cell.result).toMatchObject({ ename: 'StdinNotImplementedError' });
      expect(requestInput).not.toHaveBeenCalled();
    }
  });

  test('an interrupt stops the other language, and its variables stay', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    const output = new OutputRecorder();
    const stop = new AbortController();

    const running = kernel.run(
      '%%python\nimport time\nkept = 5\nprint("started", flush=True)\ntime.sleep(60)',
      { output, signal: stop.signal },
    );
    await output.whenText('started');
    stop.abort();
    const { result } = await running;

    expect(result).toMatchObject({ ename: 'KeyboardInterrupt' });
    expect((await kernel.ok('%%python\nprint(kept)')).text).toBe('5\n');
  });
});

describe.skipIf(isMissing('R')).each(MODES)('an interrupted transfer, %s', (mode) => {
  let site: TestSite;
  let folder: string;

  beforeAll(async () => {
    site = await TestSite.start();
    folder = await mkdtemp(path.join(os.tmpdir(), 'rserver-stopped-'));
  });
  afterAll(async () => {
    await site.close();
    await rm(folder, { recursive: true });
  });

  /** Interrupts a cell as soon as it has shown how far its transfer is. */
  async function interruptedAtProgress(kernel: TestKernel, code: string) {
    const stop = new AbortController();
    const output = new OutputRecorder();
    const show = output.display.bind(output);
    output.display = (display) => {
      show(display);
      stop.abort();
    };
    const input = { allowed: true, requestInput: () => Promise.resolve('y') };
    return kernel.run(code, { output, signal: stop.signal, input });
  }

  test('to the session leaves no variable and no file', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    const file = path.join(folder, 'large.csv');
    await writeFile(file, `a,b\n${'1,2\n'.repeat(4_000_000)}`);
    await kernel.ok('1');

    const { result } = await interruptedAtProgress(kernel, `%push "${file}"`);

    expect(result).toMatchObject({ status: 'error', ename: 'Interrupt' });
    const after = await kernel.ok(
      'cat(exists("large"), length(dir(all.files = TRUE, no.. = TRUE)))',
    );
    expect(after.text).toBe('FALSE 0');
    await kernel.end();
  });

  test('from the session leaves no half of a file', async () => {
    const kernel = await site.kernel({ language: 'R', mode });
    const target = await mkdtemp(path.join(folder, 'target-'));
    await kernel.ok('large <- runif(2e6)');

    const { result } = await interruptedAtProgress(
      kernel,
      `%pull large "${path.join(target, 'large.rds')}"`,
    );

    expect(result).toMatchObject({ status: 'error', ename: 'Interrupt' });
    expect(await readdir(target)).toEqual([]);
    const after = await kernel.ok(
      'cat(format(length(large)), length(dir(all.files = TRUE, no.. = TRUE)))',
    );
    expect(after.text).toBe('2000000 0');
    await kernel.end();
  });
});
