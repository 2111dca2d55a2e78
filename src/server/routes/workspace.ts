// Objects of a session's workspace, in the binary form of its language.
import type { FastifyInstance } from 'fastify';
import { attachmentHeader } from './file-name.js';
import { addRoute, isAbandoned, paramsOf, type RouteContext } from './route.js';

const OCTETS = 'application/octet-stream';

export function addWorkspaceRoutes(app: FastifyInstance, context: RouteContext): void {
  const { sessions, limits } = context;
  // Bytes, whatever they are called: the generated clients set all kinds of content types.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    done(null, body);
  });

  addRoute(app, context, 'listWorkspaceObjects', async (request) => {
    const session = sessions.getOrGone(paramsOf<'id'>(request).id, request.owner);
    return session.withRuntime(
      (runtime) => runtime.listObjects(),
      () => isAbandoned(request),
    );
  });

  addRoute(
    app,
    context,
    'setWorkspaceObject',
    async (request, reply) => {
      const { id, objectName } = paramsOf<'id' | 'objectName'>(request);
      const content = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
      const session = sessions.getOrGone(id, request.owner);
      await session.withRuntime(
        (runtime) => runtime.setObject(objectName, content),
        () => isAbandoned(request),
      );
      return reply.send();
    },
    { bodyLimit: limits.maxObjectBytes },
  );

  addRoute(app, context, 'getWorkspaceObject', async (request, reply) => {
    const { id, objectName } = paramsOf<'id' | 'objectName'>(request);
    const session = sessions.getOrGone(id, request.owner);
    const content = await session.withRuntime(
      (runtime) => runtime.getObject(objectName),
      () => isAbandoned(request),
    );
    const extension = session.runtimeType === 'R' ? '.RData' : '.dill';
    return reply
      .type(OCTETS)
      .header('content-disposition', attachmentHeader(objectName + extension))
      .send(content);
  });

  addRoute(app, context, 'deleteWorkspaceObject', async (request, reply) => {
    const { id, objectName } = paramsOf<'id' | 'objectName'>(request);
    const session = sessions.getOrGone(id, request.owner);
    await session.withRuntime(
      (runtime) => runtime.deleteObject(objectName),
      () => isAbandoned(request),
    );
    return reply.send();
  });
}
