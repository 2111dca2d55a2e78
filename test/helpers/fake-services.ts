// The web services of the fake server: published in memory, answered by script.
import type { RemoteClient } from '../../src/bridge/remote-client.js';
import {
  ClientError,
  type BatchStatus,
  type ConsumeResult,
  type ServiceInputs,
  type WebServiceInfo,
} from '../../src/client/index.js';

/** What the fake server has of services, and what it was sent. */
export interface FakeServices extends Pick<
  RemoteClient,
  'services' | 'realtimeServices' | 'webService'
> {
  readonly all: WebServiceInfo[];
  /** Bodies of publications and changes. */
  readonly requests: unknown[];
  /** Answers a call. */
  answer: (inputs: ServiceInputs) => Partial<ConsumeResult> | Promise<Partial<ConsumeResult>>;
  /** States of a batch, told one by one before it is complete. */
  readonly batchStates: Partial<BatchStatus>[];
}

/** @param call - Notes a call, and fails if the test wants it to. */
export function createFakeServices(
  call: (name: string, ...details: readonly string[]) => Promise<void>,
): FakeServices {
  const all: WebServiceInfo[] = [];
  const batches = new Map<string, readonly ServiceInputs[]>();
  const find = (name: string, version: string): WebServiceInfo => {
    const found = all.find((service) => service.name === name && service.version === version);
    if (found === undefined) throw refusal(404);
    return found;
  };
  const put = (service: WebServiceInfo): void => {
    if (all.some(({ name, version }) => name === service.name && version === service.version)) {
      throw refusal(403);
    }
    all.push(service);
  };
  const change = (name: string, version: string, patch: Partial<WebServiceInfo>): void => {
    all[all.indexOf(find(name, version))] = { ...find(name, version), ...patch };
  };
  const run = async (inputs: ServiceInputs): Promise<ConsumeResult> => ({
    ...EMPTY_RESULT,
    ...(await fake.answer(inputs)),
  });

  const fake: FakeServices = {
    all,
    requests: [],
    answer: () => ({}),
    batchStates: [],
    services: {
      list: async () => {
        await call('services.list');
        return [...all];
      },
      listVersions: async (name) => {
        await call('services.listVersions', name);
        return all.filter((service) => service.name === name);
      },
      publish: async (name, version = 'made-up', request) => {
        await call('services.publish', name, version);
        fake.requests.push(request);
        put({ ...EMPTY_SERVICE, ...(request as Partial<WebServiceInfo>), name, version });
        return version;
      },
      update: async (name, version, request) => {
        await call('services.update', name, version);
        fake.requests.push(request);
        change(name, version, request);
      },
      delete: async (name, version) => {
        await call('services.delete', name, version);
        all.splice(all.indexOf(find(name, version)), 1);
      },
    },
    realtimeServices: {
      publish: async (name, version = 'made-up', request) => {
        await call('realtimeServices.publish', name, version, request.model.toString());
        put({ ...EMPTY_SERVICE, name, version, runtimeType: 'Realtime' });
        return version;
      },
      update: async (name, version, request) => {
        await call('realtimeServices.update', name, version);
        fake.requests.push(request);
        find(name, version);
      },
    },
    webService: {
      swagger: async (name, version) => {
        await call('webService.swagger', name, version);
        find(name, version);
        return { swagger: '2.0', info: { title: name } };
      },
      consume: async (name, version, inputs) => {
        await call('webService.consume', name, version, JSON.stringify(inputs));
        find(name, version);
        return run(inputs);
      },
      startBatch: async (name, version, items) => {
        await call('webService.startBatch', name, version);
        find(name, version);
        batches.set('batch-1', items);
        return 'batch-1';
      },
      batchStatus: async (_name, _version, id) => {
        await call('webService.batchStatus', id);
        const items = batches.get(id) ?? [];
        const counts = { completedItemCount: items.length, totalItemCount: items.length };
        const next = fake.batchStates.shift();
        if (next !== undefined) return { state: 'inProgress', ...counts, results: [], ...next };
        const results = await Promise.all(items.map(run));
        return { state: 'complete', ...counts, results };
      },
      cancelBatch: async (_name, _version, id) => {
        await call('webService.cancelBatch', id);
        batches.delete(id);
      },
    },
  };
  return fake;
}

/** A service that says nothing of itself. */
export const EMPTY_SERVICE: WebServiceInfo = {
  name: '',
  version: '',
  versionPublishedBy: 'ada',
  creationTime: '2017-04-13T10:00:00.000000',
  snapshotId: '',
  runtimeType: 'R',
  initCode: '',
  code: '',
  description: '',
  operationId: '',
  inputParameterDefinitions: [],
  outputParameterDefinitions: [],
  outputFileNames: [],
  myPermissionOnService: 'read/write',
};

const EMPTY_RESULT: ConsumeResult = {
  success: true,
  errorMessage: '',
  outputParameters: {},
  outputFiles: {},
  consoleOutput: '',
  changedFiles: [],
};

function refusal(statusCode: number): ClientError {
  return new ClientError('CLIENT_STATUS', `fake ${statusCode.toString()}`, {
    facts: { statusCode },
  });
}
