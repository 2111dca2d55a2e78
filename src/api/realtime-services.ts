// The contract of realtime services: a serialized model that is scored without an interpreter (9.1 and later).
import {
  errorResponses,
  jsonResponse,
  text,
  unauthorized,
  type Operation,
  type Paths,
  type Schema,
} from './document.js';
import { serviceNameParameter, serviceVersionParameter } from './services.js';

const tag = ['Services Management APIs'];
const notOwner = 'Another user owns the service.';
const exists = 'The version exists; change it with PATCH.';

const modelForm = (isModelRequired: boolean): NonNullable<Operation['requestBody']> => {
  const schema: Schema = {
    type: 'object',
    ...(isModelRequired ? { required: ['model'] } : {}),
    properties: {
      description: text('What the service is for.'),
      operationId: text('Name of the consuming call.'),
      model: {
        ...text(
          'A genuine server takes the bytes of `rxSerializeModel`, which begin with `blob`; the embedded one a model in R’s or Python’s own binary form.',
        ),
        format: 'binary',
      },
    },
  };
  return {
    required: true,
    description: 'The model and what is said of it.',
    content: { 'multipart/form-data': { schema } },
  };
};

/** Paths of realtime services. They are listed and deleted under `/services`. */
export const realtimeServicesPaths: Paths = {
  '/realtime-services/{name}': {
    post: {
      operationId: 'publishRealtimeWebServiceByName',
      tags: tag,
      summary: 'Publish a model under a version which the server makes up',
      parameters: [serviceNameParameter],
      requestBody: modelForm(true),
      responses: {
        201: jsonResponse({ type: 'string' }, 'Published; the text is the version.'),
        ...errorResponses({ 400: 'No model.', 401: unauthorized, 403: notOwner, 409: exists }),
      },
      'x-since': '9.1',
    },
  },
  '/realtime-services/{name}/{version}': {
    post: {
      operationId: 'publishRealtimeWebServiceByNameVersion',
      tags: tag,
      summary: 'Publish a model under a given version',
      parameters: [serviceNameParameter, serviceVersionParameter],
      requestBody: modelForm(true),
      responses: {
        201: jsonResponse({ type: 'string' }, 'Published; the text is the version.'),
        ...errorResponses({ 400: 'No model.', 401: unauthorized, 403: notOwner, 409: exists }),
      },
      'x-since': '9.1',
    },
    patch: {
      operationId: 'patchRealtimeWebServiceByNameVersion',
      tags: tag,
      summary: 'Change a published model',
      parameters: [serviceNameParameter, serviceVersionParameter],
      requestBody: modelForm(false),
      responses: {
        200: jsonResponse({ type: 'string' }, 'Changed; the text is the version.'),
        ...errorResponses({
          400: 'The form cannot be read.',
          401: unauthorized,
          403: notOwner,
          404: 'No such service or version.',
        }),
      },
      'x-since': '9.1',
    },
  },
};
