// Makes the connections to the server: TCP, TLS, and tunnels through a proxy. Used by requests and by event streams.
import net from 'node:net';
import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import type { ResolvedOptions } from './options.js';

/** What Node's TLS wants of {@link ResolvedOptions}. */
export function tlsOptions(options: ResolvedOptions): tls.SecureContextOptions & {
  rejectUnauthorized: boolean;
} {
  const { ca, cert, key, passphrase, verify } = options.tls;
  return {
    rejectUnauthorized: verify !== false,
    ...(ca === undefined ? {} : { ca: ca as string | Buffer | (string | Buffer)[] }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

/** Value of `Proxy-Authorization`, when the proxy URL holds a user name. */
export function proxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === '') return undefined;
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

/** A proxy that refused to connect us. The code is looked at by `failures.ts`. */
export class ProxyRefusedError extends Error {
  readonly code = 'RSERVER_PROXY_REFUSED';
  readonly statusCode: number;

  constructor(statusCode: number) {
    super(`the proxy answered ${statusCode} to CONNECT`);
    this.statusCode = statusCode;
  }
}

/** A connection that was not made in time. The code is the one undici uses. */
class ConnectTimeoutError extends Error {
  readonly code = 'UND_ERR_CONNECT_TIMEOUT';
}

/**
 * A socket to the server, through the proxy when there is one, with TLS when the URL says so.
 *
 * @throws the platform's network errors; {@link ProxyRefusedError}; code `UND_ERR_CONNECT_TIMEOUT`.
 */
export async function connectToServer(
  options: ResolvedOptions,
  signal?: AbortSignal,
): Promise<net.Socket> {
  const limit = new AbortController();
  const { connectTimeoutMs } = options.timeouts;
  const timer =
    connectTimeoutMs === 0
      ? undefined
      : setTimeout(() => {
          limit.abort(new ConnectTimeoutError('connect timeout'));
        }, connectTimeoutMs);
  const stop = signal === undefined ? limit.signal : AbortSignal.any([signal, limit.signal]);
  try {
    const plain =
      options.proxy === undefined
        ? await connectDirectly(options.origin, stop)
        : await openTunnel(options.proxy, options, stop);
    if (options.origin.protocol !== 'https:') return plain;
    return await secure(plain, options, stop);
  } finally {
    clearTimeout(timer);
  }
}

async function connectDirectly(origin: URL, signal: AbortSignal): Promise<net.Socket> {
  const socket = net.connect({ host: hostOf(origin), port: portOf(origin), noDelay: true });
  return whenReady(socket, 'connect', signal);
}

async function secure(
  plain: net.Socket,
  options: ResolvedOptions,
  signal: AbortSignal,
): Promise<net.Socket> {
  const host = hostOf(options.origin);
  const socket = tls.connect({
    ...tlsOptions(options),
    socket: plain,
    host,
    ALPNProtocols: ['http/1.1'],
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
  });
  return whenReady(socket, 'secureConnect', signal);
}

async function whenReady(
  socket: net.Socket,
  event: 'connect' | 'secureConnect',
  signal: AbortSignal,
): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      signal.removeEventListener('abort', onAbort);
      socket.off(event, onReady).off('error', settle).off('close', onClose);
      if (error === undefined) {
        resolve(socket);
        return;
      }
      socket.on('error', () => undefined).destroy();
      reject(error);
    };
    const onReady = (): void => {
      settle();
    };
    const onClose = (): void => {
      settle(Object.assign(new Error('closed while connecting'), { code: 'ECONNRESET' }));
    };
    const onAbort = (): void => {
      settle(signal.reason as Error);
    };
    socket.once(event, onReady).once('error', settle).once('close', onClose);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

async function openTunnel(
  proxy: URL,
  options: ResolvedOptions,
  signal: AbortSignal,
): Promise<net.Socket> {
  const authority = `${options.origin.hostname}:${portOf(options.origin)}`;
  const authorization = proxyAuthorization(proxy);
  const request = (proxy.protocol === 'https:' ? https : http).request({
    host: hostOf(proxy),
    port: portOf(proxy),
    method: 'CONNECT',
    path: authority,
    agent: false,
    signal,
    headers: {
      host: authority,
      ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }),
    },
    ...(proxy.protocol === 'https:' ? tlsOptions(options) : {}),
  });
  return new Promise((resolve, reject) => {
    request.once('connect', (response, socket: net.Socket, head) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        reject(new ProxyRefusedError(response.statusCode ?? 0));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    // A proxy that does not know CONNECT answers like a web server.
    request.once('response', (response) => {
      response.destroy();
      reject(new ProxyRefusedError(response.statusCode ?? 0));
    });
    request.once('error', (error) => {
      reject(signal.aborted ? (signal.reason as Error) : error);
    });
    request.end();
  });
}

/** Host name as sockets want it: IPv6 without brackets. */
function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

/** Port of a URL, that of the protocol where none is written. */
function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}
