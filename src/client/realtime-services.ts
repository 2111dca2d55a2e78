// Publishing serialized models as realtime services. They are listed and deleted as other services are.
import type { HttpClient } from './http.js';
import { writeMultipart } from './multipart.js';
import type { CallOptions } from './options.js';
import { pathOf } from './paths.js';
import { publishedVersion } from './services.js';

/** A model and what is said of it. */
export interface RealtimeService {
  /** Bytes of `rxSerializeModel` or `rx_serialize_model`. */
  readonly model: Buffer;
  readonly description?: string | undefined;
  readonly operationId?: string | undefined;
}

/** Calls under `/realtime-services` (9.1 and later). */
export class RealtimeServicesClient {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /**
   * Publishes a model; without a version the server makes one up.
   *
   * @returns The version; empty when the server made one up and did not say it.
   * @throws {ClientError} `CLIENT_STATUS` 403 or 409 when the version exists or the service is someone else's.
   */
  async publish(
    name: string,
    version: string | undefined,
    service: RealtimeService,
    options: CallOptions = {},
  ): Promise<string> {
    const path =
      version === undefined
        ? pathOf`/realtime-services/${name}`
        : pathOf`/realtime-services/${name}/${version}`;
    const body = await this.#send('publish the realtime service', 'POST', path, service, options);
    return publishedVersion(body) ?? version ?? '';
  }

  /** Changes a published model; only what is given is changed. */
  async update(
    name: string,
    version: string,
    service: Partial<RealtimeService>,
    options: CallOptions = {},
  ): Promise<void> {
    const path = pathOf`/realtime-services/${name}/${version}`;
    await this.#send('update the realtime service', 'PATCH', path, service, options);
  }

  async #send(
    operation: string,
    method: 'POST' | 'PATCH',
    path: string,
    service: Partial<RealtimeService>,
    options: CallOptions,
  ): Promise<Buffer> {
    const { model, description, operationId } = service;
    const file =
      model === undefined ? undefined : { field: 'model', fileName: 'model.bin', content: model };
    const form = writeMultipart({ description, operationId }, file);
    const answer = await this.#http.send({
      operation,
      method,
      path,
      body: form.body,
      contentType: form.contentType,
      limitName: 'transfer',
      signal: options.signal,
    });
    return answer.body;
  }
}
