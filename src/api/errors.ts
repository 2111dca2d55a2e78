// The shapes of failing answers: one of the core API, another of published services.
import { text, type Schemas } from './document.js';

/** Schemas of failing answers. */
export const errorSchemas: Schemas = {
  Error: {
    type: 'object',
    properties: {
      message: text('What went wrong, in words.'),
      link: text('Where to read more; may be empty.'),
      exceptionType: { ...text('Name of the exception inside the server.'), 'x-since': '9.1' },
      code: {
        ...text('A code of the embedded server, such as `API_SESSION_NOT_FOUND`.'),
        'x-extension': 'errors',
      },
    },
  },
  ServiceError: {
    type: 'object',
    description: 'The failing answer of a published service.',
    properties: {
      code: { type: 'integer', format: 'int32', description: 'A number, usually the HTTP status.' },
      message: text('What went wrong, in words.'),
      fields: text('The inputs it is about, when known.'),
    },
  },
};
