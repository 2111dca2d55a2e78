// Batches of calls of a published service.
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { StartBatchExecutionResponse, WebServiceParameters } from '../../api/index.js';
import { itemFolderOf, readItemFile } from '../batch/batch-folder.js';
import { reportOf } from '../batch/report.js';
import { ApiError } from '../errors.js';
import { inputsOf } from '../services/inputs.js';
import { listFolder } from '../snapshots/folder.js';
import type { BatchRecord } from '../store/batch-executions.js';
import { attachmentHeader, stripDirectories } from './file-name.js';
import { addRoute, paramsOf, type RouteContext } from './route.js';
import { serviceOf } from './services.js';

/** @see swagger of a service: "Default value is 10" */
const DEFAULT_PARALLEL_COUNT = 10;

export function addBatchesRoutes(app: FastifyInstance, context: RouteContext): void {
  const { batches } = context;

  addRoute(app, context, 'StartBatchExecution', async (request, reply) => {
    const service = await serviceOf(context, request);
    const items = request.body as WebServiceParameters[];
    for (const [index, item] of items.entries()) inputsOf(service, item, `Item ${index}: `);
    const { parallelCount } = request.query as { parallelCount?: number };
    const { id } = await batches.start({
      service,
      owner: request.owner,
      items,
      parallelCount: parallelCount ?? DEFAULT_PARALLEL_COUNT,
    });
    const body: StartBatchExecutionResponse = { batchExecutionId: id, BatchExecutionId: id };
    return reply.code(202).send(body);
  });

  addRoute(app, context, 'GetBatchExecutions', async (request) => {
    const list = await batches.list(await serviceOf(context, request), request);
    return list.map(({ id }) => id);
  });

  addRoute(app, context, 'GetBatchExecutionStatus', async (request, reply) => {
    const batch = await batchOf(context, request);
    const query = request.query as { showPartialResults?: boolean; showPartialResult?: boolean };
    const showPartialResults = query.showPartialResults ?? query.showPartialResult ?? false;
    const report = reportOf(batch, () => batches.openResults(batch), showPartialResults);
    return reply
      .type('application/json; charset=utf-8')
      .send(Readable.from(report, { objectMode: false }));
  });

  addRoute(app, context, 'CancelAndDeleteBatchExecution', async (request) => {
    const batch = await batchOf(context, request);
    await batches.delete(batch);
    return [batch.id];
  });

  addRoute(app, context, 'GetBatchExecutionFiles', async (request) => {
    const batch = await batchOf(context, request);
    const entries = await listItem(itemFolderOf(batches.folderOf(batch), indexOf(request, batch)));
    return entries.filter((entry) => !entry.isDirectory).map((entry) => entry.name);
  });

  addRoute(app, context, 'GetBatchExecutionFile', async (request, reply) => {
    const batch = await batchOf(context, request);
    const { fileName } = paramsOf<'fileName'>(request);
    const index = indexOf(request, batch);
    const content = await readItemFile(batches.folderOf(batch), index, fileName);
    if (content === undefined) {
      throw new ApiError(
        'API_FILE_NOT_FOUND',
        `Item ${index} of the batch execution has no file ${JSON.stringify(fileName)}.`,
      );
    }
    return reply
      .type('application/octet-stream')
      .header('content-disposition', attachmentHeader(stripDirectories(fileName)))
      .send(content);
  });
}

async function batchOf(context: RouteContext, request: FastifyRequest): Promise<BatchRecord> {
  const service = await serviceOf(context, request);
  return context.batches.get(service, paramsOf<'executionId'>(request).executionId, request);
}

/** @throws {ApiError} `API_EXECUTION_NOT_FOUND`. */
function indexOf(request: FastifyRequest, batch: BatchRecord): number {
  const { index } = request.params as { index: number };
  if (index < batch.itemCount) return index;
  throw new ApiError(
    'API_EXECUTION_NOT_FOUND',
    `Batch execution ${batch.id} has no item ${index}: it has ${batch.itemCount}, counted from 0.`,
  );
}

/** Items that made no file have no folder. */
async function listItem(folder: string): ReturnType<typeof listFolder> {
  try {
    return await listFolder(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
