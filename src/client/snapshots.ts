// Snapshots of the user. Making one and loading one belong to the session: see `sessions.ts`.
import type { Readable } from 'node:stream';
import { asList, asNumber, asText, isRecord } from './answers.js';
import type { Call } from './call.js';
import type { HttpClient } from './http.js';
import type { CallOptions } from './options.js';
import { pathOf } from './paths.js';

/** One snapshot of the user. */
export interface SnapshotInfo {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  /** As the server wrote it: UTC without a zone, with up to seven digits of a second. */
  readonly creationTime: string;
  /** Bytes of the zip file. */
  readonly contentSize: number;
}

/** Calls under `/snapshots`. */
export class SnapshotsClient {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** The snapshots of the user. */
  async list(options: CallOptions = {}): Promise<SnapshotInfo[]> {
    const value = await this.#http.sendForJson({
      operation: 'list the snapshots',
      method: 'GET',
      path: '/snapshots',
      signal: options.signal,
    });
    return asList(value).filter(isRecord).map(toSnapshot);
  }

  /** The zip file as a stream. The time limit holds to its end; failures on the way are errors of the stream. */
  async get(id: string, options: CallOptions = {}): Promise<Readable> {
    return (await this.#http.open(download(id, options))).body;
  }

  /** The zip file as a whole. */
  async getBuffer(id: string, options: CallOptions = {}): Promise<Buffer> {
    return (await this.#http.send(download(id, options))).body;
  }

  /** Deletes a snapshot for good. */
  async delete(id: string, options: CallOptions = {}): Promise<void> {
    await this.#http.send({
      operation: 'delete the snapshot',
      method: 'DELETE',
      path: pathOf`/snapshots/${id}`,
      signal: options.signal,
    });
  }
}

function download(id: string, options: CallOptions): Call {
  return {
    operation: 'download the snapshot',
    method: 'GET',
    path: pathOf`/snapshots/${id}`,
    limitName: 'transfer',
    signal: options.signal,
  };
}

function toSnapshot(value: Record<string, unknown>): SnapshotInfo {
  return {
    id: asText(value['id']),
    name: asText(value['name']),
    owner: asText(value['owner']),
    creationTime: asText(value['creationTime']),
    contentSize: asNumber(value['contentSize']) ?? 0,
  };
}
