// The list of compute nodes of a server (9.2.1 and later; for administrators).
import { asTexts, isRecord } from './answers.js';
import type { HttpClient } from './http.js';
import type { CallOptions } from './options.js';

/** Calls of `/computenodes`. Entries are URIs or ranges such as `http://1.1.1.1:10-12`. */
export class ComputeNodesClient {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** The compute nodes. */
  async list(options: CallOptions = {}): Promise<string[]> {
    const value = await this.#http.sendForJson({
      operation: 'list the compute nodes',
      method: 'GET',
      path: '/computenodes',
      signal: options.signal,
    });
    return asTexts(isRecord(value) ? value['computeNodes'] : value);
  }

  /** Replaces the list. */
  async set(entries: readonly string[], options: CallOptions = {}): Promise<void> {
    await this.#change('set the compute nodes', 'POST', entries, options);
  }

  /** Adds to the list. */
  async add(entries: readonly string[], options: CallOptions = {}): Promise<void> {
    await this.#change('add compute nodes', 'PUT', entries, options);
  }

  /** Takes off the list. */
  async remove(entries: readonly string[], options: CallOptions = {}): Promise<void> {
    await this.#change('remove compute nodes', 'DELETE', entries, options);
  }

  async #change(
    operation: string,
    method: 'POST' | 'PUT' | 'DELETE',
    entries: readonly string[],
    options: CallOptions,
  ): Promise<void> {
    await this.#http.send({
      operation,
      method,
      path: '/computenodes',
      body: JSON.stringify({ entries }),
      signal: options.signal,
    });
  }
}
