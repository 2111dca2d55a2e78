// A front end nobody here wrote: @jupyterlab/services over ws to a real jupyter_server.
import { spawn, type ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  KernelManager,
  ServerConnection,
  type Kernel,
  type KernelMessage,
} from '@jupyterlab/services';
import { WebSocket } from 'ws';
import {
  createJupyterEnvironment,
  type JupyterEnvironment,
} from '../helpers/jupyter-environment.js';
import { urlOfServer } from '../helpers/jupyter-server.js';
import { isMissing, venvBin } from '../helpers/requirements.js';

const TOKEN = 'services-client';

describe.skipIf(isMissing('R', 'jupyter', 'build'))(
  '@jupyterlab/services through jupyter_server',
  () => {
    let jupyter: JupyterEnvironment;
    let server: ChildProcess;
    let manager: KernelManager;

    beforeAll(async () => {
      jupyter = await createJupyterEnvironment();
      server = spawn(
        venvBin('jupyter'),
        [
          'server',
          '--no-browser',
          '--allow-root',
          '--ServerApp.port=0',
          `--IdentityProvider.token=${TOKEN}`,
        ],
        { cwd: jupyter.directory, env: jupyter.env, stdio: ['ignore', 'ignore', 'pipe'] },
      );
      const serverSettings = ServerConnection.makeSettings({
        baseUrl: await urlOfServer(server),
        token: TOKEN,
        WebSocket: WebSocket as unknown as ServerConnection.ISettings['WebSocket'],
      });
      manager = new KernelManager({ serverSettings });
      await manager.ready;
    });
    afterAll(async () => {
      await manager.shutdownAll();
      manager.dispose();
      server.kill('SIGTERM');
      await jupyter.close();
    });

    /** Runs a cell; the texts of its outputs by kind, and the reply's status. */
    async function run(
      kernel: Kernel.IKernelConnection,
      code: string,
    ): Promise<{ status: string; outputs: readonly [string, unknown][] }> {
      const outputs: [string, unknown][] = [];
      const future = kernel.requestExecute({ code });
      future.onIOPub = (message) => {
        const summary = summarise(message);
        if (summary !== undefined) outputs.push(summary);
      };
      const reply = await future.done;
      return { status: reply.content.status, outputs };
    }

    test('an R kernel runs, completes, inspects, is interrupted and restarted', async () => {
      const kernel = await manager.startNew({ name: 'rserver-r' });

      const first = await run(kernel, 'x <- 20\ncat("hi\\n")\nx + 1');
      const completion = await kernel.requestComplete({ code: 'x <- mean(rnor', cursor_pos: 14 });
      const inspection = await kernel.requestInspect({
        code: 'mean',
        cursor_pos: 4,
        detail_level: 0,
      });
      const failed = await run(kernel, 'stop("boom")');
      const sleeping = run(kernel, 'cat("sleeping\\n"); Sys.sleep(60)');
      await nextStream(kernel, 'sleeping');
      await kernel.interrupt();
      const interrupted = await sleeping;
      const kept = await run(kernel, 'x');
      await kernel.restart();
      const afterRestart = await run(kernel, 'exists("x")');
      await kernel.shutdown();

      expect(first).toEqual({
        status: 'ok',
        outputs: [
          ['stream', 'hi\n'],
          ['execute_result', '[1] 21'],
        ],
      });
      expect(completion.content).toMatchObject({ status: 'ok', matches: ['rnorm'] });
      expect(inspection.content).toMatchObject({ status: 'ok', found: true });
      expect(failed).toEqual({ status: 'error', outputs: [['error', 'boom']] });
      expect(interrupted.status).toBe('error');
      expect(kept.outputs).toEqual([['execute_result', '[1] 20']]);
      expect(afterRestart.outputs).toEqual([['execute_result', '[1] FALSE']]);
    });

    test('a Python kernel streams, shows and updates a display', async () => {
      const kernel = await manager.startNew({ name: 'rserver-python' });

      const result = await run(
        kernel,
        'from IPython.display import display\nh = display("one", display_id=True)\nh.update("two")\nprint("end")',
      );
      await kernel.shutdown();

      expect(result).toEqual({
        status: 'ok',
        outputs: [
          ['display_data', "'one'"],
          ['update_display_data', "'two'"],
          ['stream', 'end\n'],
        ],
      });
    });
  },
);

function summarise(message: KernelMessage.IIOPubMessage): [string, unknown] | undefined {
  const type: string = message.header.msg_type;
  const content = message.content as {
    text?: string;
    evalue?: string;
    data?: Record<string, unknown>;
  };
  if (type === 'stream') return [type, content.text];
  if (type === 'error') return [type, content.evalue];
  return content.data === undefined ? undefined : [type, content.data['text/plain']];
}

function nextStream(kernel: Kernel.IKernelConnection, text: string): Promise<void> {
  return new Promise((resolve) => {
    const listen = (_: unknown, message: KernelMessage.IIOPubMessage): void => {
      if (message.header.msg_type !== 'stream') return;
      if (!(message.content as { text: string }).text.includes(text)) return;
      kernel.iopubMessage.disconnect(listen);
      resolve();
    };
    kernel.iopubMessage.connect(listen);
  });
}
