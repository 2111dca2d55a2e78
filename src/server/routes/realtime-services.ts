// Publishing realtime services: models which are scored without code. They are listed and deleted under /services.
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.js';
import { readModel, REALTIME_INPUTS, REALTIME_OUTPUTS, type ReadModel } from '../realtime/model.js';
import {
  checkServiceName,
  describeService,
  type ServiceDescription,
} from '../services/description.js';
import type { ServiceRecord } from '../store/services.js';
import { addRoute, paramsOf, sendText, type RouteContext } from './route.js';
import { changeableServiceOf } from './services.js';

/** Two texts, and some room for fields that are passed over. */
const MAX_FIELDS = 10;

export async function addRealtimeServicesRoutes(
  app: FastifyInstance,
  context: RouteContext,
): Promise<void> {
  await app.register(multipart, {
    limits: { fileSize: context.limits.maxObjectBytes, files: 1, fields: MAX_FIELDS },
  });

  addRoute(app, context, 'publishRealtimeWebServiceByName', async (request, reply) => {
    const { version } = await publish(context, request, undefined);
    return sendText(reply.code(201), version);
  });

  addRoute(app, context, 'publishRealtimeWebServiceByNameVersion', async (request, reply) => {
    const version = checkServiceName('version', paramsOf<'version'>(request).version);
    await publish(context, request, version);
    return sendText(reply.code(201), version);
  });

  addRoute(app, context, 'patchRealtimeWebServiceByNameVersion', async (request, reply) => {
    const service = await changeableServiceOf(context, request, 'realtime');
    const { model, description } = await formOf(request);
    if (model === undefined) {
      await context.services.change(service, { description });
    } else {
      await withModel(context, model, (content) =>
        context.services.change(service, {
          description,
          content,
          runtimeType: content.runtimeType,
        }),
      );
    }
    return sendText(reply, service.version);
  });
}

async function publish(
  context: RouteContext,
  request: FastifyRequest,
  version: string | undefined,
): Promise<ServiceRecord> {
  const name = checkServiceName('name', paramsOf<'name'>(request).name);
  if (version !== undefined) await context.services.assertAbsent(name, version);
  const { model, description } = await formOf(request);
  if (model === undefined) {
    throw new ApiError('API_BAD_REQUEST', "The body has no part 'model' with a file.");
  }
  return withModel(context, model, (content) =>
    context.services.publish({
      name,
      version,
      publishedBy: request.owner,
      kind: 'realtime',
      runtimeType: content.runtimeType,
      description: { ...description, inputs: REALTIME_INPUTS, outputs: REALTIME_OUTPUTS },
      content,
    }),
  );
}

async function withModel(
  { options }: RouteContext,
  model: Buffer,
  use: (content: ReadModel) => Promise<ServiceRecord>,
): Promise<ServiceRecord> {
  const content = await readModel(options.runtimes, model);
  try {
    return await use(content);
  } finally {
    await content.close();
  }
}

interface RealtimeForm {
  readonly model: Buffer | undefined;
  readonly description: ServiceDescription;
}

async function formOf(request: FastifyRequest): Promise<RealtimeForm> {
  let model: Buffer | undefined;
  const texts: Record<string, string> = {};
  for await (const part of request.parts()) {
    if (part.type === 'file') {
      const content = await part.toBuffer();
      if (part.fieldname === 'model') model = content;
    } else if (typeof part.value === 'string') {
      texts[part.fieldname] = part.value;
    }
  }
  const { description, operationId } = texts;
  return {
    model,
    description: describeService(
      {
        ...(description !== undefined && { description }),
        ...(operationId !== undefined && { operationId }),
      },
      'R',
    ),
  };
}
