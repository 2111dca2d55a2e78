// Puts the resources together into one OpenAPI 3.1 document of R Server 9.0.1 to 9.3.
import { computeNodesPaths, computeNodesSchemas } from './compute-nodes.js';
import type { OpenApiDocument } from './document.js';
import { errorSchemas } from './errors.js';
import { filesPaths } from './files.js';
import { loginPaths, loginSchemas } from './login.js';
import { poolsPaths, poolsSchemas } from './pools.js';
import { realtimeServicesPaths } from './realtime-services.js';
import { servicesPaths, servicesSchemas } from './services.js';
import { sessionsPaths, sessionsSchemas } from './sessions.js';
import { snapshotsPaths, snapshotsSchemas } from './snapshots.js';
import { statusPaths, statusSchemas } from './status.js';
import { webServicePaths, webServiceSchemas } from './web-service.js';
import { workspacePaths } from './workspace.js';

/** The contract between every client and every server here. `x-since` names the first release of each operation. */
export const openApiDocument: OpenApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'R Server REST API',
    version: '9.3',
    description:
      'The REST API of Microsoft R Server 9.0.1 to 9.2.0 and Machine Learning Server 9.2.1 to 9.3, with the extensions of the embedded server (`x-extension`).',
  },
  tags: [
    { name: 'Authentication APIs', description: 'Tokens.' },
    { name: 'Session APIs', description: 'Sessions, their files and their workspace.' },
    { name: 'Snapshot APIs', description: 'Kept workspaces.' },
    { name: 'Services Management APIs', description: 'Publishing web services.' },
    { name: 'Service Consumption APIs', description: 'Calling web services.' },
    { name: 'Centralized Configuration APIs', description: 'Compute nodes.' },
    { name: 'Status APIs', description: 'Health.' },
  ],
  security: [{ Bearer: [] }],
  paths: {
    ...loginPaths,
    ...sessionsPaths,
    ...filesPaths,
    ...workspacePaths,
    ...snapshotsPaths,
    ...servicesPaths,
    ...realtimeServicesPaths,
    ...poolsPaths,
    ...webServicePaths,
    ...computeNodesPaths,
    ...statusPaths,
  },
  components: {
    schemas: {
      ...errorSchemas,
      ...loginSchemas,
      ...sessionsSchemas,
      ...snapshotsSchemas,
      ...servicesSchemas,
      ...poolsSchemas,
      ...webServiceSchemas,
      ...computeNodesSchemas,
      ...statusSchemas,
    },
    securitySchemes: { Bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
  },
};
