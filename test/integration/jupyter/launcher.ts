// The other end of the startup handshake: a registration socket, as a launcher keeps it.
import { Router } from 'zeromq';
import type { ConnectionInfo, RegistrationInfo } from '../../../src/jupyter/index.js';
import { Signer } from '../../../src/jupyter/wire/signature.js';

const DELIMITER = '<IDS|MSG>';

/** Waits for kernels that introduce themselves. */
export class Launcher {
  readonly info: RegistrationInfo;
  readonly #socket: Router;
  readonly #signer: Signer;

  constructor(transport: 'tcp' | 'ipc' = 'tcp', ip = '127.0.0.1') {
    const key = 'a-key-of-tests';
    this.#signer = new Signer(key);
    this.#socket = new Router({ linger: 0 });
    this.#socket.bindSync(transport === 'tcp' ? `tcp://${ip}:*` : `ipc://${ip}-1`);
    const port = Number(this.#socket.lastEndpoint?.split(/[:-]/).at(-1));
    this.info = { kernelId: 'k-1', transport, registrationIp: ip, registrationPort: port, key };
  }

  /** As Jupyter writes it. */
  get file(): object {
    const { kernelId, transport, registrationIp, registrationPort, key } = this.info;
    return {
      kernel_id: kernelId,
      transport,
      registration_ip: registrationIp,
      registration_port: registrationPort,
      signature_scheme: 'hmac-sha256',
      key,
    };
  }

  /** The next introduction; its signature is checked. */
  async receive(): Promise<{ identity: Buffer; content: Record<string, string> }> {
    const frames = await this.#socket.receive();
    const [identity, delimiter, signature, content, ...more] = frames;
    if (!identity || !signature || !content || String(delimiter) !== DELIMITER || more.length > 0) {
      throw new Error(`Not an introduction: ${frames.join(' ')}`);
    }
    this.#signer.verify(signature, [content]);
    return { identity, content: JSON.parse(String(content)) as Record<string, string> };
  }

  /** @param signature - Default: the right one. */
  async acknowledge(identity: Buffer, signature = this.#signer.sign(['ACK'])): Promise<void> {
    await this.#socket.send([identity, DELIMITER, signature, 'ACK']);
  }

  /** Where the kernel says that it is. */
  connectionTo(content: Readonly<Record<string, string>>): ConnectionInfo {
    const port = (name: string): number => Number(content[`${name}_port`]);
    return {
      transport: this.info.transport,
      ip: this.info.registrationIp,
      key: this.info.key,
      shellPort: port('shell'),
      iopubPort: port('iopub'),
      stdinPort: port('stdin'),
      controlPort: port('control'),
      heartbeatPort: port('hb'),
    };
  }

  close(): void {
    this.#socket.close();
  }
}
