// Publishing web services: publish, look up, change, delete.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type {
  PatchWebServiceRequest,
  PublishWebServiceRequest,
  WebService,
} from '../../api/index.js';
import type { RuntimeType } from '../../runtimes/index.js';
import { ApiError } from '../errors.js';
import { copyFolder } from '../services/copy-folder.js';
import { checkServiceName, describeService } from '../services/description.js';
import { assertMayChange, mayChange, seesCode, type Caller } from '../services/permissions.js';
import type { NewContentOfService } from '../services/services.js';
import type { ServiceRecord } from '../store/services.js';
import { addRoute, paramsOf, sendText, type RouteContext } from './route.js';

export function addServicesRoutes(app: FastifyInstance, context: RouteContext): void {
  const { services } = context;

  addRoute(app, context, 'getAllWebServices', async (request) =>
    bodiesOf(await services.list(), request),
  );

  addRoute(app, context, 'getAllWebServiceVersionsByName', async (request) =>
    bodiesOf(await services.list(paramsOf<'name'>(request).name), request),
  );

  addRoute(app, context, 'getWebServiceVersion', async (request) =>
    bodiesOf([await serviceOf(context, request)], request),
  );

  addRoute(app, context, 'publishWebService', async (request, reply) => {
    const { version } = await publish(context, request, undefined);
    return sendText(reply.code(201), version);
  });

  addRoute(app, context, 'publishWebServiceVersion', async (request, reply) => {
    const version = checkServiceName('version', paramsOf<'version'>(request).version);
    try {
      await publish(context, request, version);
    } catch (error) {
      // R Server answers 403 here and 409 elsewhere. See rserver-api section 11, no. 2.
      if (error instanceof ApiError && error.code === 'API_SERVICE_EXISTS') {
        throw new ApiError('API_SERVICE_VERSION_EXISTS', error.message);
      }
      throw error;
    }
    return sendText(reply.code(201), version);
  });

  addRoute(app, context, 'patchWebServiceVersion', async (request, reply) => {
    const service = await changeableServiceOf(context, request, 'script');
    const patch = request.body as PatchWebServiceRequest;
    const runtimeType = patchedRuntimeType(service, patch);
    const { snapshotId } = patch;
    await services.change(service, {
      runtimeType,
      description: describeService(patch, runtimeType),
      ...(snapshotId !== undefined && {
        content: (await snapshotContent(context, request, snapshotId, runtimeType)) ?? 'none',
      }),
    });
    return sendText(reply, service.version);
  });

  addRoute(app, context, 'deleteWebServiceVersion', async (request, reply) => {
    const service = await serviceOf(context, request);
    assertMayChange(service, request);
    await services.delete(service);
    await context.batches.deleteOfService(service);
    return reply.send();
  });
}

/** The service that a request names. @throws {ApiError} `API_SERVICE_NOT_FOUND`. */
export async function serviceOf(
  { services }: RouteContext,
  request: FastifyRequest,
): Promise<ServiceRecord> {
  const { name, version } = paramsOf<'name' | 'version'>(request);
  return services.get(name, version);
}

/**
 * The service that a request is about to change.
 *
 * @throws {ApiError} `API_SERVICE_NOT_FOUND`, `API_SERVICE_NOT_OWNED`; `API_BAD_REQUEST` for one of the other kind.
 */
export async function changeableServiceOf(
  context: RouteContext,
  request: FastifyRequest,
  kind: ServiceRecord['kind'],
): Promise<ServiceRecord> {
  const service = await serviceOf(context, request);
  assertMayChange(service, request);
  if (service.kind === kind) return service;
  const place = service.kind === 'realtime' ? '/realtime-services' : '/services';
  throw new ApiError(
    'API_BAD_REQUEST',
    `Service ${service.name} ${service.version} is of ${place}: send the change there.`,
  );
}

async function publish(
  context: RouteContext,
  request: FastifyRequest,
  version: string | undefined,
): Promise<ServiceRecord> {
  const body = request.body as PublishWebServiceRequest;
  const runtimeType = body.runtimeType ?? 'R';
  return context.services.publish({
    name: checkServiceName('name', paramsOf<'name'>(request).name),
    version,
    publishedBy: request.owner,
    kind: 'script',
    runtimeType,
    description: describeService(body, runtimeType),
    content: await snapshotContent(context, request, body.snapshotId ?? '', runtimeType),
  });
}

/** A copy of a snapshot of the caller; undefined for no snapshot, the empty id. */
async function snapshotContent(
  { snapshots }: RouteContext,
  request: FastifyRequest,
  snapshotId: string,
  runtimeType: RuntimeType,
): Promise<NewContentOfService | undefined> {
  if (snapshotId === '') return undefined;
  const snapshot = await snapshots.get(snapshotId, request.owner);
  if (snapshot.runtimeType !== runtimeType) {
    throw new ApiError(
      'API_RUNTIME_MISMATCH',
      `Snapshot ${snapshotId} is of ${snapshot.runtimeType}, and the service would be of ${runtimeType}.`,
    );
  }
  return {
    runtimeType,
    snapshotId,
    write: (folder) => copyFolder(snapshots.folderOf(snapshot), folder),
  };
}

/**
 * An absent type means R, also for a service of Python: then nothing else of the request would fit.
 *
 * @see rserver-api section 7.1: "Be sure to specify the runtime_type again"
 */
function patchedRuntimeType(service: ServiceRecord, patch: PatchWebServiceRequest): RuntimeType {
  const runtimeType = patch.runtimeType ?? 'R';
  if (runtimeType === service.runtimeType) return runtimeType;
  const isRewritten =
    patch.runtimeType !== undefined &&
    patch.code !== undefined &&
    (patch.snapshotId !== undefined || service.contentId === undefined);
  if (isRewritten) return runtimeType;
  throw new ApiError(
    'API_RUNTIME_MISMATCH',
    `Service ${service.name} ${service.version} is of ${service.runtimeType}. An absent runtimeType means R: give ${service.runtimeType}, or new code and a new snapshot of ${runtimeType}.`,
  );
}

function bodiesOf(services: readonly ServiceRecord[], caller: Caller): WebService[] {
  return services.map((service) => bodyOf(service, caller));
}

function bodyOf(service: ServiceRecord, caller: Caller): WebService {
  return {
    name: service.name,
    version: service.version,
    versionPublishedBy: service.publishedBy,
    creationTime: new Date(service.createdAtMs).toISOString(),
    ...(service.snapshotId !== undefined && { snapshotId: service.snapshotId }),
    runtimeType: service.kind === 'realtime' ? 'Realtime' : service.runtimeType,
    ...(seesCode(service, caller) &&
      service.kind === 'script' && { initCode: service.initCode, code: service.code }),
    description: service.description,
    operationId: service.operationId,
    inputParameterDefinitions: [...service.inputs],
    outputParameterDefinitions: [...service.outputs],
    outputFileNames: [...service.outputFileNames],
    myPermissionOnService: mayChange(service, caller) ? 'read/write' : 'read only',
  };
}
