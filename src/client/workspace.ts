// Objects of a session's workspace in the binary form of their language.
import { asTexts } from './answers.js';
import type { HttpClient } from './http.js';
import type { CallOptions } from './options.js';
import { pathOf } from './paths.js';

/** Calls under `/sessions/{id}/workspace`. */
export class WorkspaceClient {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** Names of the objects. */
  async list(sessionId: string, options: CallOptions = {}): Promise<string[]> {
    const value = await this.#http.sendForJson({
      operation: 'list the workspace',
      method: 'GET',
      path: pathOf`/sessions/${sessionId}/workspace`,
      sessionId,
      signal: options.signal,
    });
    return asTexts(value);
  }

  /** One object. R: an `.RData` stream; Python: dill or pickle bytes. */
  async get(sessionId: string, name: string, options: CallOptions = {}): Promise<Buffer> {
    const answer = await this.#http.send({
      operation: `download the object ${name}`,
      method: 'GET',
      path: pathOf`/sessions/${sessionId}/workspace/${name}`,
      limitName: 'transfer',
      sessionId,
      namesPart: true,
      signal: options.signal,
    });
    return answer.body;
  }

  /**
   * Puts an object into the workspace; one of the same name is replaced.
   *
   * @param content - R: bytes of `serialize(object, NULL)`; Python: dill or pickle bytes.
   */
  async set(
    sessionId: string,
    name: string,
    content: Buffer,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#http.send({
      operation: `upload the object ${name}`,
      method: 'POST',
      path: pathOf`/sessions/${sessionId}/workspace/${name}`,
      body: content,
      contentType: 'application/octet-stream',
      limitName: 'transfer',
      sessionId,
      signal: options.signal,
    });
  }

  /** Deletes an object. */
  async delete(sessionId: string, name: string, options: CallOptions = {}): Promise<void> {
    await this.#http.send({
      operation: `delete the object ${name}`,
      method: 'DELETE',
      path: pathOf`/sessions/${sessionId}/workspace/${name}`,
      sessionId,
      namesPart: true,
      signal: options.signal,
    });
  }
}
