// The contract of sessions: R or Python shells that keep their state between executions.
import {
  emptyResponse,
  errorResponses,
  jsonBody,
  jsonResponse,
  listOf,
  pathParameter,
  ref,
  strings,
  text,
  unauthorized,
  type Parameter,
  type Paths,
  type Schemas,
} from './document.js';
import {
  CONSOLE_OUTPUT_HEADER,
  EXECUTION_ID_HEADER,
  EXTENSIONS_HEADER,
  INPUT_HEADER,
} from './extensions.js';

const tag = ['Session APIs'];

/** The `{id}` of every session path. */
export const sessionIdParameter: Parameter = pathParameter('id', 'Id of the session.');

/** Failures every session path shares. */
export const sessionErrors = errorResponses({
  401: unauthorized,
  404: 'No such session of this user.',
  410: 'The session existed but is gone, for instance because its shell ended.',
});

/** Paths of sessions, without their files, workspace and snapshots. */
export const sessionsPaths: Paths = {
  '/sessions': {
    post: {
      operationId: 'createSession',
      tags: tag,
      summary: 'Create a session',
      description: 'With `snapshotId`, the new session starts with the content of that snapshot.',
      requestBody: jsonBody(ref('CreateSessionRequest'), 'What kind of session; may be `{}`.', {
        name: 'Session 1',
        runtimeType: 'Python',
      }),
      responses: {
        201: {
          ...jsonResponse(ref('CreateSessionResponse'), 'The session is ready.', {
            sessionId: '85b1ecd8-f5a5-42ce-87f3-5b7be97665ae',
          }),
          headers: {
            [EXTENSIONS_HEADER]: {
              description: 'What the embedded server offers beyond R Server; a comma list.',
              schema: { type: 'string' },
            },
          },
        },
        ...errorResponses({
          401: unauthorized,
          404: 'No such snapshot of this user.',
          503: 'Every shell is in use.',
        }),
      },
      'x-since': '9.0.1',
    },
    get: {
      operationId: 'listSessions',
      tags: tag,
      summary: 'List the sessions of the current user',
      responses: {
        200: jsonResponse(listOf('Session'), 'The sessions of the user.'),
        ...errorResponses({ 401: unauthorized }),
      },
      'x-since': '9.0.1',
    },
  },
  '/sessions/{id}': {
    delete: {
      operationId: 'closeSession',
      tags: tag,
      summary: 'Close a session and release all it holds',
      parameters: [sessionIdParameter],
      responses: { 200: jsonResponse({ type: 'string' }, 'Closed.'), ...sessionErrors },
      'x-since': '9.0.1',
    },
  },
  '/sessions/{id}/force': {
    delete: {
      operationId: 'closeSessionByForce',
      tags: tag,
      summary: 'Kill a session, also when it does not answer',
      parameters: [sessionIdParameter],
      responses: { 200: jsonResponse({ type: 'string' }, 'Killed.'), ...sessionErrors },
      'x-since': '9.0.1',
    },
  },
  '/sessions/{id}/execute': {
    post: {
      operationId: 'executeCode',
      tags: tag,
      summary: 'Run code in a session',
      description:
        'Answers when the code has ended. A failing program is no HTTP error: it answers 200 with `success: false`.',
      parameters: [
        sessionIdParameter,
        {
          name: EXECUTION_ID_HEADER,
          in: 'header',
          required: false,
          description: 'A name for this execution, which its events carry.',
          schema: { type: 'string' },
          'x-extension': 'events',
        },
        {
          name: CONSOLE_OUTPUT_HEADER,
          in: 'header',
          required: false,
          description: '`events`: leave `consoleOutput` empty, the text went by events.',
          schema: { type: 'string' },
          'x-extension': 'events',
        },
        {
          name: INPUT_HEADER,
          in: 'header',
          required: false,
          description:
            '`events`: the code may ask for input, and the client answers on the event stream.',
          schema: { type: 'string' },
          'x-extension': 'stdin',
        },
      ],
      requestBody: jsonBody(ref('ExecuteRequest'), 'The code, what goes in, what comes out.', {
        code: 'result <- x + 1',
        inputParameters: [{ name: 'x', value: 4 }],
        outputParameters: ['result'],
      }),
      responses: {
        200: jsonResponse(ref('ExecuteResponse'), 'The code has ended.', {
          success: true,
          errorMessage: '',
          outputParameters: [{ name: 'result', value: 5 }],
          consoleOutput: '[1] 5\r\n',
          changedFiles: [],
        }),
        ...sessionErrors,
      },
      'x-since': '9.0.1',
    },
  },
  '/sessions/{id}/cancel': {
    post: {
      operationId: 'cancelSession',
      tags: tag,
      summary: 'Ask the running execution to stop',
      description: 'The session stays. Stopping is not promised.',
      parameters: [sessionIdParameter],
      responses: { 200: jsonResponse({ type: 'string' }, 'Asked.'), ...sessionErrors },
      'x-since': '9.0.1',
    },
  },
  '/sessions/{id}/console-output': {
    get: {
      operationId: 'getSessionConsoleOutput',
      tags: tag,
      summary: 'What the current or last execution has printed so far',
      parameters: [sessionIdParameter],
      responses: {
        200: jsonResponse(ref('ConsoleOutputResponse'), 'The text.', {
          consoleOutput: '[1] 5\r\n',
        }),
        ...sessionErrors,
      },
      'x-since': '9.0.1',
    },
  },
  '/sessions/{id}/history': {
    get: {
      operationId: 'listSessionHistory',
      tags: tag,
      summary: 'The source of each execution, oldest first',
      parameters: [sessionIdParameter],
      responses: { 200: jsonResponse(strings(), 'One text for each execution.'), ...sessionErrors },
      'x-since': '9.0.1',
    },
  },
  '/sessions/{id}/events': {
    get: {
      operationId: 'streamSessionEvents',
      tags: tag,
      summary: 'A WebSocket of what the session prints while it runs',
      description: 'One JSON text frame each, as `SessionEvent`; nothing of the past is repeated.',
      parameters: [sessionIdParameter],
      responses: { 101: emptyResponse('The WebSocket is open.'), ...sessionErrors },
      'x-since': '9.0.1',
      'x-extension': 'events',
    },
  },
};

const runtimeType = (description: string) =>
  ({ type: 'string', enum: ['R', 'Python'], description, 'x-since': '9.1' }) as const;

/** Schemas of sessions. */
export const sessionsSchemas: Schemas = {
  Session: {
    type: 'object',
    properties: {
      id: text('Id of the session.'),
      name: text('Name given at creation, or one made by the server.'),
      owner: text('User who created it.'),
      runtimeType: runtimeType(
        'Language of the session; a 9.0.1 server, which has only R, leaves it out.',
      ),
    },
  },
  CreateSessionRequest: {
    type: 'object',
    properties: {
      name: text('A name to find it by.'),
      snapshotId: text('Snapshot whose content the session starts with.'),
      runtimeType: runtimeType('Language of the session; R where absent.'),
    },
  },
  CreateSessionResponse: {
    type: 'object',
    properties: { sessionId: text('Id of the new session.') },
  },
  ExecuteRequest: {
    type: 'object',
    required: ['code'],
    properties: {
      code: text('Code in the language of the session.'),
      inputParameters: {
        ...listOf('WorkspaceObject'),
        description: 'Assigned into the workspace before the code runs.',
      },
      outputParameters: strings('Names of objects to read after the code has run.'),
      source: {
        ...text('What the person typed; the history records it instead of `code`.'),
        'x-extension': 'source',
      },
    },
  },
  ExecuteResponse: {
    type: 'object',
    properties: {
      success: {
        type: 'boolean',
        description: 'Whether the code ran to its end without an error.',
      },
      errorMessage: text('The error of the code; empty when there is none.'),
      outputParameters: {
        ...listOf('WorkspaceObject'),
        description: 'The objects that were asked for, in the order asked.',
      },
      consoleOutput: text(
        'All that the code printed; a genuine server on Windows ends lines with CR LF.',
      ),
      changedFiles: strings(
        'Names of the files in the working directory which the code made or changed.',
      ),
    },
  },
  WorkspaceObject: {
    type: 'object',
    required: ['name'],
    properties: {
      name: text('Name of the object.'),
      value: {
        description: 'Its value in the encoding of docs/data-types.md.',
        'x-contradiction': 'The schema says object; numbers, texts and arrays are sent.',
      },
    },
  },
  ConsoleOutputResponse: {
    type: 'object',
    properties: { consoleOutput: text('Text of the current or last execution.') },
  },
  SessionEvent: {
    type: 'object',
    description: 'One frame of the event stream.',
    required: ['type', 'executionId'],
    properties: {
      type: {
        type: 'string',
        enum: ['queued', 'started', 'stream', 'data', 'finished', 'answer', 'resumed'],
      },
      executionId: text('The execution it belongs to.'),
      name: { type: 'string', enum: ['stdout', 'stderr'], description: 'For `stream`.' },
      text: text('For `stream`.'),
      data: text('For `data`: what code in the session handed to the emit hook.'),
    },
    'x-extension': 'events',
  },
};
