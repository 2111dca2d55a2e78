// Managing web services: publish, look up, change, delete, and their dedicated pools. Calling them: `web-service.ts`.
import type {
  CreateOrUpdateServicePoolRequest,
  ParameterDefinition,
  PatchWebServiceRequest,
  PublishWebServiceRequest,
} from '../api/index.js';
import { asList, asText, asTexts, isRecord, tryParseJson } from './answers.js';
import type { HttpClient } from './http.js';
import type { CallOptions } from './options.js';
import { pathOf } from './paths.js';

/** One published version of a service. Texts the server does not tell are empty. */
export interface WebServiceInfo {
  readonly name: string;
  readonly version: string;
  readonly versionPublishedBy: string;
  /** As the server wrote it: UTC without a zone, with up to seven digits of a second. */
  readonly creationTime: string;
  readonly snapshotId: string;
  readonly runtimeType: 'R' | 'Python' | 'Realtime';
  readonly initCode: string;
  /** Empty unless the user published it or owns the server. */
  readonly code: string;
  readonly description: string;
  readonly operationId: string;
  readonly inputParameterDefinitions: readonly ParameterDefinition[];
  readonly outputParameterDefinitions: readonly ParameterDefinition[];
  readonly outputFileNames: readonly string[];
  /** `read/write` or `read only`. */
  readonly myPermissionOnService: string;
}

/** The state of a dedicated pool on one compute node. */
export interface ServicePoolStatus {
  readonly computeNodeEndpoint: string;
  readonly status: 'success' | 'pending' | 'notFound';
}

/** Calls under `/services`. */
export class ServicesClient {
  readonly #http: HttpClient;

  constructor(http: HttpClient) {
    this.#http = http;
  }

  /** Every version of every service, those of other users too. */
  async list(options: CallOptions = {}): Promise<WebServiceInfo[]> {
    return this.#list('list the services', '/services', options);
  }

  /** The versions of one service, the latest last. */
  async listVersions(name: string, options: CallOptions = {}): Promise<WebServiceInfo[]> {
    return this.#list('list the versions of the service', pathOf`/services/${name}`, options);
  }

  /**
   * One version of a service. Servers answer with a list of one or with the bare object.
   *
   * @throws {ClientError} `CLIENT_STATUS` 404.
   */
  async get(name: string, version: string, options: CallOptions = {}): Promise<WebServiceInfo> {
    const path = pathOf`/services/${name}/${version}`;
    const [service] = await this.#list('look up the service', path, options);
    if (service === undefined) {
      throw this.#http.unexpected(
        { operation: 'look up the service', method: 'GET', path },
        'the service',
      );
    }
    return service;
  }

  /**
   * Publishes a service; without a version the server makes one up.
   *
   * @returns The version.
   * @throws {ClientError} `CLIENT_STATUS` 403 or 409 when the version exists or the service is someone else's: servers
   *   use both for both.
   */
  async publish(
    name: string,
    version: string | undefined,
    request: PublishWebServiceRequest,
    options: CallOptions = {},
  ): Promise<string> {
    const answer = await this.#http.send({
      operation: 'publish the service',
      method: 'POST',
      path:
        version === undefined ? pathOf`/services/${name}` : pathOf`/services/${name}/${version}`,
      body: JSON.stringify(request),
      signal: options.signal,
    });
    return publishedVersion(answer.body) ?? version ?? this.#latestVersion(name, options);
  }

  /**
   * Changes a service; only the fields given are changed. Give `runtimeType` again for Python: the server takes an
   * absent one as R.
   */
  async update(
    name: string,
    version: string,
    request: PatchWebServiceRequest,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#http.send({
      operation: 'update the service',
      method: 'PATCH',
      path: pathOf`/services/${name}/${version}`,
      body: JSON.stringify(request),
      signal: options.signal,
    });
  }

  /** Deletes one version of a service. */
  async delete(name: string, version: string, options: CallOptions = {}): Promise<void> {
    await this.#http.send({
      operation: 'delete the service',
      method: 'DELETE',
      path: pathOf`/services/${name}/${version}`,
      signal: options.signal,
    });
  }

  /** Sets aside shells for a service, or changes how many (9.3). */
  async setPool(
    name: string,
    version: string,
    sizes: {
      readonly initialPoolSize?: number | undefined;
      readonly maxPoolSize?: number | undefined;
    },
    options: CallOptions = {},
  ): Promise<void> {
    const request: CreateOrUpdateServicePoolRequest = {
      ...(sizes.initialPoolSize === undefined ? {} : { InitialPoolSize: sizes.initialPoolSize }),
      ...(sizes.maxPoolSize === undefined ? {} : { MaxPoolSize: sizes.maxPoolSize }),
    };
    await this.#http.send({
      operation: 'set the pool of the service',
      method: 'POST',
      path: pathOf`/services/${name}/${version}/pool`,
      body: JSON.stringify(request),
      signal: options.signal,
    });
  }

  /** The pool of a service on each compute node (9.3). */
  async poolStatus(
    name: string,
    version: string,
    options: CallOptions = {},
  ): Promise<ServicePoolStatus[]> {
    const value = await this.#http.sendForJson({
      operation: 'look at the pool of the service',
      method: 'GET',
      path: pathOf`/services/${name}/${version}/pool`,
      signal: options.signal,
    });
    return asList(value).filter(isRecord).map(toPoolStatus);
  }

  /** Gives the shells of a service back (9.3). */
  async deletePool(name: string, version: string, options: CallOptions = {}): Promise<void> {
    await this.#http.send({
      operation: 'delete the pool of the service',
      method: 'DELETE',
      path: pathOf`/services/${name}/${version}/pool`,
      signal: options.signal,
    });
  }

  async #list(operation: string, path: string, options: CallOptions): Promise<WebServiceInfo[]> {
    const value = await this.#http.sendForJson({
      operation,
      method: 'GET',
      path,
      signal: options.signal,
    });
    return asList(value).filter(isRecord).map(toWebService);
  }

  /** For servers whose answer to publishing is empty. */
  async #latestVersion(name: string, options: CallOptions): Promise<string> {
    const versions = await this.listVersions(name, options);
    return versions.at(-1)?.version ?? '';
  }
}

/**
 * The version in the answer to publishing: a JSON text or a bare one. No source says what the text is, so whole
 * sentences are not taken for a version.
 *
 * @see rserver-api section 7.1
 */
export function publishedVersion(body: Buffer): string | undefined {
  const text = body.toString().trim();
  const value = tryParseJson(text);
  const version =
    typeof value === 'string' ? value : isRecord(value) ? asText(value['version']) : text;
  return /^[^\s{}[\]<>]+$/.test(version) ? version : undefined;
}

function toWebService(value: Record<string, unknown>): WebServiceInfo {
  const runtimeType = value['runtimeType'];
  return {
    name: asText(value['name']),
    version: asText(value['version']),
    // 9.0.1 says owner.
    versionPublishedBy: asText(value['versionPublishedBy'] ?? value['owner']),
    creationTime: asText(value['creationTime']),
    snapshotId: asText(value['snapshotId']),
    runtimeType: runtimeType === 'Python' || runtimeType === 'Realtime' ? runtimeType : 'R',
    initCode: asText(value['initCode']),
    code: asText(value['code']),
    description: asText(value['description']),
    operationId: asText(value['operationId']),
    inputParameterDefinitions: toDefinitions(value['inputParameterDefinitions']),
    outputParameterDefinitions: toDefinitions(value['outputParameterDefinitions']),
    outputFileNames: asTexts(value['outputFileNames']),
    // The documentation of mrsdeploy has the longer spelling.
    myPermissionOnService: asText(
      value['myPermissionOnService'] ?? value['myPermissionsOnService'],
    ),
  };
}

function toDefinitions(value: unknown): ParameterDefinition[] {
  return asList(value)
    .filter(isRecord)
    .map((item) => ({ name: asText(item['name']), type: asText(item['type']) }));
}

function toPoolStatus(value: Record<string, unknown>): ServicePoolStatus {
  const status = asText(value['Status'] ?? value['status']).toLowerCase();
  return {
    computeNodeEndpoint: asText(value['ComputeNodeEndpoint'] ?? value['computeNodeEndpoint']),
    status: status === 'success' ? 'success' : status === 'pending' ? 'pending' : 'notFound',
  };
}
