import { describe, expect, test } from 'vitest';
import {
  parseConnectionInfo,
  readConnectionFile,
} from '../../../../src/jupyter/transport/connection-file.js';

const FILE = {
  transport: 'tcp',
  ip: '127.0.0.1',
  shell_port: 50_001,
  iopub_port: 50_002,
  stdin_port: 50_003,
  control_port: 50_004,
  hb_port: 50_005,
  key: 'secret-key',
  signature_scheme: 'hmac-sha256',
  kernel_name: 'rserver-r',
};

describe('parseConnectionInfo', () => {
  test('reads what Jupyter writes', () => {
    expect(parseConnectionInfo(FILE)).toEqual({
      transport: 'tcp',
      ip: '127.0.0.1',
      shellPort: 50_001,
      iopubPort: 50_002,
      stdinPort: 50_003,
      controlPort: 50_004,
      heartbeatPort: 50_005,
      key: 'secret-key',
    });
  });

  test('takes tcp and hmac-sha256 for granted', () => {
    const file = { ...FILE, transport: undefined, signature_scheme: undefined };

    expect(parseConnectionInfo(file)).toEqual(parseConnectionInfo(FILE));
  });

  test('reads the keys of an encrypted connection', () => {
    const info = parseConnectionInfo({ ...FILE, curve_publickey: 'p', curve_secretkey: 's' });

    expect(info.curve).toEqual({ publicKey: 'p', secretKey: 's' });
  });

  test.each([
    ['text', 'The connection file is not a JSON object.'],
    [{ ...FILE, ip: 5 }, `The connection file's "ip" must be a string, got number.`],
    [{ ...FILE, key: undefined }, `The connection file's "key" must be a string, got nothing.`],
    [
      { ...FILE, shell_port: 70_000 },
      `The connection file's "shell_port" must be a port number from 0 to 65535, got number.`,
    ],
    [
      { ...FILE, transport: 'ipc', hb_port: 0 },
      `The connection file's "hb_port" must be a port number from 1 to 65535, got number.`,
    ],
    [
      { ...FILE, transport: 'udp' },
      `The connection file's "transport" must be "tcp" or "ipc", got string.`,
    ],
    [
      { ...FILE, signature_scheme: 'hmac-md5' },
      `The connection file's "signature_scheme" must be "hmac-sha256", got string.`,
    ],
    [
      { ...FILE, curve_secretkey: 's' },
      `The connection file's "curve_publickey" must be a string, got nothing.`,
    ],
  ])('refuses case %#', (value, message) => {
    expect(() => parseConnectionInfo(value)).toThrow(
      expect.objectContaining({ code: 'JUPYTER_CONNECTION_VALUE', message }),
    );
  });
});

describe('readConnectionFile', () => {
  test('names a file that is not there', () => {
    expect(() => readConnectionFile('no/such/kernel.json')).toThrow(
      expect.objectContaining({
        code: 'JUPYTER_CONNECTION_FILE',
        message: expect.stringContaining('no/such/kernel.json') as string,
      }),
    );
  });

  test('names a file that is not JSON', () => {
    expect(() => readConnectionFile(import.meta.filename)).toThrow(
      expect.objectContaining({ code: 'JUPYTER_CONNECTION_FILE' }),
    );
  });
});
