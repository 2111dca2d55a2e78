// Calls a server and keeps every exchange under the path it has in the documents.
import { request } from 'undici';
import { operations, type OperationId } from '../../../src/api/index.js';

/** One answer, filed under its operation. */
export interface Exchange {
  /** E.g. `post /sessions/{id}/execute`. */
  readonly operation: string;
  readonly status: number;
  /** Undefined where there is no body, a Buffer where it is not JSON. */
  readonly body: unknown;
}

export interface CallOptions {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON; a Buffer as it is. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** A bearer token; none is sent for `''`. */
  readonly token?: string;
}

/** Names of an operation in a document: lower case method and path. */
export function operationKey(method: string, path: string): string {
  return `${method.toLowerCase()} ${path}`;
}

/** Knows the server and whoever calls it by default. */
export class Exchanges {
  readonly kept: Exchange[] = [];
  readonly #url: string;
  /** Of the calls that name none. */
  token = '';

  constructor(url: string) {
    this.#url = url;
  }

  /**
   * Sends one request and keeps its answer.
   *
   * @param wanted - The status that it must have.
   * @returns The body.
   * @throws Error when the status is another.
   */
  async call<Body = unknown>(
    operationId: OperationId,
    wanted: number,
    { path = {}, query, body, contentType = 'application/json', token }: CallOptions = {},
  ): Promise<Body> {
    const { method, path: template } = operations[operationId];
    const route = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(path[name] ?? 'absent'),
    );
    const bearer = token ?? this.token;
    const answer = await request(this.#url + route, {
      method,
      ...(query !== undefined && { query }),
      headers: {
        ...(bearer !== '' && { authorization: `Bearer ${bearer}` }),
        ...(body !== undefined && { 'content-type': contentType }),
      },
      body: body === undefined ? null : body instanceof Buffer ? body : JSON.stringify(body),
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    const isJson = String(answer.headers['content-type']).startsWith('application/json');
    const parsed: unknown =
      bytes.length === 0 ? undefined : isJson ? JSON.parse(bytes.toString()) : bytes;
    const status = answer.statusCode;
    this.kept.push({ operation: operationKey(method, template), status, body: parsed });
    if (status !== wanted) {
      throw new Error(
        `${operationId} answered ${status} instead of ${wanted}: ${bytes.toString().slice(0, 500)}`,
      );
    }
    return parsed as Body;
  }
}

/** A multipart body with its content type; a Buffer is sent as a file. */
export function formOf(
  parts: Readonly<Record<string, string | Buffer>>,
  fileName = 'model.bin',
): Pick<CallOptions, 'body' | 'contentType'> {
  const pieces = Object.entries(parts).map(([name, content]) => {
    const file = typeof content === 'string' ? '' : `; filename="${fileName}"`;
    const head = `--b\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), Buffer.from(content), Buffer.from('\r\n')]);
  });
  return {
    body: Buffer.concat([...pieces, Buffer.from('--b--\r\n')]),
    contentType: 'multipart/form-data; boundary=b',
  };
}
