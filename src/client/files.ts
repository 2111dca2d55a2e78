// Files in the working directory of a session.
import type { Readable } from 'node:stream';
import { asTexts } from './answers.js';
import type { Call } from './call.js';
import type { HttpClient } from './http.js';
import { writeMultipart } from './multipart.js';
import type { CallOptions } from './options.js';
import { pathOf } from './paths.js';

/** Calls under `/sessions/{id}/files`. */
export class FilesClient {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /**
   * Puts a file into the working directory; one of the same name is replaced.
   *
   * @param content - A stream is sent as it comes, and only once.
   */
  async upload(
    sessionId: string,
    name: string,
    content: Buffer | Readable,
    options: CallOptions = {},
  ): Promise<void> {
    const form = writeMultipart({}, { field: 'file', fileName: name, content });
    await this.#http.send({
      operation: 'upload the file',
      method: 'POST',
      path: pathOf`/sessions/${sessionId}/files`,
      body: form.body,
      contentType: form.contentType,
      limitName: 'transfer',
      sessionId,
      signal: options.signal,
    });
  }

  /** Names of the files, without folders. */
  async list(sessionId: string, options: CallOptions = {}): Promise<string[]> {
    const value = await this.#http.sendForJson({
      operation: 'list the files',
      method: 'GET',
      path: pathOf`/sessions/${sessionId}/files`,
      sessionId,
      signal: options.signal,
    });
    return asTexts(value);
  }

  /** Downloads a file as a stream. The time limit holds to its end; failures on the way are errors of the stream. */
  async get(sessionId: string, name: string, options: CallOptions = {}): Promise<Readable> {
    return (await this.#http.open(this.#download(sessionId, name, options))).body;
  }

  /** Downloads a file as a whole. */
  async getBuffer(sessionId: string, name: string, options: CallOptions = {}): Promise<Buffer> {
    return (await this.#http.send(this.#download(sessionId, name, options))).body;
  }

  /** Deletes a file. */
  async delete(sessionId: string, name: string, options: CallOptions = {}): Promise<void> {
    await this.#http.send({
      operation: `delete the file ${name}`,
      method: 'DELETE',
      path: pathOf`/sessions/${sessionId}/files/${name}`,
      sessionId,
      namesPart: true,
      signal: options.signal,
    });
  }

  #download(sessionId: string, name: string, options: CallOptions): Call {
    return {
      operation: `download the file ${name}`,
      method: 'GET',
      path: pathOf`/sessions/${sessionId}/files/${name}`,
      limitName: 'transfer',
      sessionId,
      namesPart: true,
      signal: options.signal,
    };
  }
}
