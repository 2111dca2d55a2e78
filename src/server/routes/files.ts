// The files of a session's working directory. They can be reached while code runs.
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../errors.js';
import { attachmentHeader, checkFileName, stripDirectories } from './file-name.js';
import { addRoute, paramsOf, type RouteContext } from './route.js';
import { sessionOf } from './sessions.js';

const OCTETS = 'application/octet-stream';

export async function addFilesRoutes(app: FastifyInstance, context: RouteContext): Promise<void> {
  await app.register(multipart, {
    limits: { fileSize: context.limits.maxFileBytes, files: 1 },
    // Directories are taken off here and not there, where a backslash stays on some systems.
    preservePath: true,
  });

  addRoute(app, context, 'uploadSessionFile', async (request, reply) => {
    const { files } = sessionOf(context, request);
    const part = await request.file();
    if (part === undefined) {
      throw new ApiError('API_BAD_REQUEST', 'The body has no part with a file.');
    }
    const name = checkFileName(stripDirectories(part.filename));
    await files.writeFile(name, part.file);
    if (part.file.truncated) {
      await files.deleteFile(name);
      throw new ApiError('API_TOO_LARGE', `The file ${name} is larger than the server takes.`);
    }
    return reply.code(201).type('text/plain; charset=utf-8').send('');
  });

  addRoute(app, context, 'listSessionFiles', async (request) =>
    sessionOf(context, request).files.listFiles(),
  );

  addRoute(app, context, 'getSessionFile', async (request, reply) => {
    const name = fileNameOf(request);
    const content = await sessionOf(context, request).files.readFile(name);
    return reply.type(OCTETS).header('content-disposition', attachmentHeader(name)).send(content);
  });

  addRoute(app, context, 'deleteSessionFile', async (request, reply) => {
    const name = fileNameOf(request);
    await sessionOf(context, request).files.deleteFile(name);
    return reply.send();
  });
}

function fileNameOf(request: FastifyRequest): string {
  return checkFileName(paramsOf<'fileName'>(request).fileName);
}
