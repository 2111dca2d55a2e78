// Compares our contract with the genuine Swagger files of four releases and of single services, where these are at hand.
// Every difference that is meant is written down here, with its reason; anything else fails.
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  openApiDocument,
  type Operation,
  type Schema,
  type Since,
} from '../../../src/api/index.js';
import {
  areGenuineFilesMissing,
  GENUINE_FOLDER,
  readGenuine,
  type GenuineOperation,
  type GenuineSchema,
} from '../../helpers/genuine-swagger.js';

const isMissing = areGenuineFilesMissing();

const RELEASES: readonly Since[] = ['9.0.1', '9.1', '9.2.1', '9.3'];
const CORE_FILES: readonly (readonly [file: string, release: Since])[] = [
  ['rserver-swagger-9.0.1.json', '9.0.1'],
  ['rserver-swagger-9.1.0.json', '9.1'],
  ['rserver-swagger-9.2.0.json', '9.1'],
  ['mlserver-swagger-9.2.1.json', '9.2.1'],
  ['mlserver-swagger-9.3.0.json', '9.3'],
];

const isIn = (since: Since | undefined, release: Since): boolean =>
  RELEASES.indexOf(since ?? '9.0.1') <= RELEASES.indexOf(release);

// --- The differences that are meant -------------------------------------------------------------------------------

/** Operations the core files do not list: those of single services (compared below), and ours. */
const NOT_IN_CORE: readonly string[] = [
  // Section 11, no. 5: only Swagger files of services up to 9.1 print the path form.
  'revokeRefreshTokenByPath',
  // Printed in the file of each service.
  'ConsumeWebService',
  'StartBatchExecution',
  'GetBatchExecutions',
  'GetBatchExecutionStatus',
  'CancelAndDeleteBatchExecution',
  'GetBatchExecutionFiles',
  'GetBatchExecutionFile',
  // Extension `events`.
  'streamSessionEvents',
];

/** Fields of ours which the genuine definition lacks. */
const EXTRA_FIELDS: Readonly<Record<string, readonly string[]>> = {
  // Section 11, no. 3: in every example, in no schema.
  AccessTokenResponse: ['expires_in'],
  // Extension: the code of the embedded server.
  Error: ['code'],
  // Extension `source`.
  ExecuteRequest: ['source'],
  // 9.0.1 sends it in examples (section 1, field changes).
  WebService: ['owner'],
  // Section 11, no. 7.
  StartBatchExecutionResponse: ['BatchExecutionId'],
};

/** Parameters of ours which the genuine operation lacks: extension headers, and section 11, no. 7. */
const EXTRA_PARAMETERS: readonly string[] = [
  'RServer-Execution-Id',
  'RServer-Console-Output',
  'RServer-Input',
  'RServer-Taken',
  'showPartialResult',
];

/** Fields we require because an object without them means nothing; the genuine schema requires none and its text is silent. */
const EXTRA_REQUIRED: Readonly<Record<string, readonly string[]>> = {
  WorkspaceObject: ['name'],
  ParameterDefinition: ['name', 'type'],
};

/** Values of ours which a genuine list lacks. Section 11, no. 7: live servers say Failed. */
const EXTRA_VALUES: Readonly<Record<string, readonly string[]>> = {
  'BatchWebServiceResult.state': ['failed'],
};

/** Genuine definitions under another name or shape here. */
const RENAMED_SCHEMAS: Readonly<Record<string, string>> = {
  // PATCH takes the type of POST in the files although it requires nothing (section 7.1).
  'patchWebServiceVersion:PublishWebServiceRequest': 'PatchWebServiceRequest',
};

/**
 * 9.0.1 and the files of services do not say what is required, although the requests are the same: for these, the words of
 * the 9.1 file count.
 */
const WHERE_REQUIRED_IS_SAID = 'rserver-swagger-9.1.0.json';

/** A definition that changed its shape: 9.0.1 wraps the document as a text. The client reads both. */
const RESHAPED: readonly string[] = ['9.0.1:SwaggerJsonResponse'];

// -------------------------------------------------------------------------------------------------------------------

const named = (reference: string): string => reference.split('/').at(-1) ?? '';

/** Types in one notation: `R` a named schema, `[x]` a list, `any` for a value of any kind. */
function ourType(schema: Schema | undefined): string {
  if (schema === undefined) return '-';
  if (schema.$ref !== undefined) return named(schema.$ref);
  if (schema.items !== undefined) return `[${ourType(schema.items)}]`;
  if (schema.anyOf !== undefined) return ourType(schema.anyOf[0]);
  if (schema.type === undefined) return 'any';
  return typeof schema.type === 'string' ? schema.type : schema.type.join('|');
}

function genuineType(schema: GenuineSchema | undefined): string {
  if (schema === undefined) return '-';
  if (schema.$ref !== undefined) return named(schema.$ref);
  if (schema.items !== undefined) return `[${genuineType(schema.items)}]`;
  return schema.type ?? '?';
}

/** Whether our type holds the genuine one. */
function fits(ours: string, genuine: string): boolean {
  const wider: Readonly<Record<string, readonly string[]>> = {
    // Section 5.3: the schema says object, anything is sent.
    any: ['object'],
    // Section 11, no. 3.
    'integer|string': ['string'],
    'object|null': ['object'],
  };
  return ours === genuine || (wider[ours]?.includes(genuine) ?? false);
}

const enumOf = (schema: Schema): readonly unknown[] | undefined =>
  schema.enum ?? schema.anyOf?.[0]?.enum;

/** Required as the schema or the text of a field says it. */
function genuineRequired(definition: GenuineSchema): string[] {
  const inText = Object.entries(definition.properties ?? {})
    .filter(([, field]) => /font color\s*=\s*'red'>Required/.test(field.description ?? ''))
    .map(([name]) => name);
  return [...new Set([...(definition.required ?? []), ...inText])].sort();
}

/**
 * What differs between one of our schemas and a genuine definition.
 *
 * @param wanted - Names of the fields which the genuine side requires.
 */
function compareSchema(
  name: string,
  definition: GenuineSchema,
  ours: Schema,
  release: Since,
  wanted: readonly string[] = genuineRequired(definition),
): string[] {
  const differences: string[] = [];
  const fields = Object.entries(ours.properties ?? {}).filter(([, field]) =>
    isIn(field['x-since'], release),
  );
  const ourNames = fields
    .map(([field]) => field)
    .filter((field) => !EXTRA_FIELDS[name]?.includes(field));
  const genuineNames = Object.keys(definition.properties ?? {});
  if (ourNames.sort().join() !== [...genuineNames].sort().join()) {
    differences.push(`${name}: fields ${ourNames.join()} instead of ${genuineNames.sort().join()}`);
  }
  const required = (ours.required ?? []).filter((field) => !EXTRA_REQUIRED[name]?.includes(field));
  if ([...required].sort().join() !== wanted.join()) {
    differences.push(`${name}: required ${required.join()} instead of ${wanted.join()}`);
  }
  for (const [field, genuine] of Object.entries(definition.properties ?? {})) {
    const own = ours.properties?.[field];
    if (own === undefined) continue;
    if (!fits(ourType(own), genuineType(genuine))) {
      differences.push(`${name}.${field}: ${ourType(own)} instead of ${genuineType(genuine)}`);
    }
    const values = enumOf(own)?.filter(
      (value) => !EXTRA_VALUES[`${name}.${field}`]?.includes(String(value)),
    );
    if ([...(values ?? [])].sort().join() !== [...(genuine.enum ?? [])].sort().join()) {
      differences.push(
        `${name}.${field}: values ${(values ?? []).join()} instead of ${(genuine.enum ?? []).join()}`,
      );
    }
  }
  return differences;
}

/** For a definition in a file that does not say what is required. */
function requiredElsewhere(name: string, definition: GenuineSchema): string[] {
  return genuineRequired(readGenuine(WHERE_REQUIRED_IS_SAID).definitions[name] ?? definition);
}

/** What differs between one of our operations and a genuine one. */
function compareOperation(
  key: string,
  genuine: GenuineOperation,
  ours: Operation,
  idOfService: boolean,
): string[] {
  const differences: string[] = [];
  if (!idOfService && ours.operationId !== genuine.operationId) {
    differences.push(`${key}: operationId ${ours.operationId} instead of ${genuine.operationId}`);
  }
  const isBody = (place: string): boolean => place === 'body' || place === 'formData';
  const show = (name: string, place: string, required: unknown): string =>
    `${place} ${name}${required === true ? ' required' : ''}`;
  const ourParameters = (ours.parameters ?? [])
    .filter(({ name }) => !EXTRA_PARAMETERS.includes(name))
    .map(({ name, in: place, required }) => show(name, place, required));
  const genuineParameters = (genuine.parameters ?? [])
    .filter((parameter) => !isBody(parameter.in))
    .map(({ name, in: place, required }) => show(name, place, required));
  if (ourParameters.sort().join('; ') !== genuineParameters.sort().join('; ')) {
    differences.push(
      `${key}: parameters ${ourParameters.join('; ')} instead of ${genuineParameters.join('; ')}`,
    );
  }
  return [...differences, ...compareBody(key, genuine, ours), ...compareAnswer(key, genuine, ours)];
}

function compareBody(key: string, genuine: GenuineOperation, ours: Operation): string[] {
  const [contentType, content] = Object.entries(ours.requestBody?.content ?? {})[0] ?? [];
  const body = genuine.parameters?.find((parameter) => parameter.in === 'body');
  const form = genuine.parameters?.filter((parameter) => parameter.in === 'formData') ?? [];
  const differences: string[] = [];
  const wantedType =
    body === undefined && form.length === 0
      ? undefined
      : (genuine.consumes?.[0] ?? 'application/json');
  if (contentType !== wantedType)
    differences.push(`${key}: takes ${String(contentType)} instead of ${String(wantedType)}`);
  if (body !== undefined) {
    const genuineName = genuineType(body.schema);
    const wanted = RENAMED_SCHEMAS[`${genuine.operationId}:${genuineName}`] ?? genuineName;
    if (ourType(content?.schema) !== wanted) {
      differences.push(`${key}: body ${ourType(content?.schema)} instead of ${wanted}`);
    }
    if (ours.requestBody?.required !== (body.required === true))
      differences.push(`${key}: body required differs`);
  }
  if (form.length > 0) {
    const { properties = {}, required = [] } = content?.schema ?? {};
    const ourFields = Object.keys(properties).map(
      (name) => `${name}${required.includes(name) ? ' required' : ''}`,
    );
    const wanted = form.map(
      ({ name, required: isRequired }) => `${name}${isRequired === true ? ' required' : ''}`,
    );
    if (ourFields.sort().join() !== wanted.sort().join()) {
      differences.push(`${key}: form ${ourFields.join()} instead of ${wanted.join()}`);
    }
  }
  return differences;
}

function compareAnswer(key: string, genuine: GenuineOperation, ours: Operation): string[] {
  const isGood = (status: string): boolean => status.startsWith('2');
  const [status = '', answer] =
    Object.entries(genuine.responses).find(([code]) => isGood(code)) ?? [];
  const [ourStatus, ourAnswer] =
    Object.entries(ours.responses).find(([code]) => isGood(code)) ?? [];
  const [contentType, content] = Object.entries(ourAnswer?.content ?? {})[0] ?? [];
  const ourAnswerType =
    contentType === undefined
      ? '-'
      : contentType === 'application/json'
        ? ourType(content?.schema)
        : 'file';
  const wanted = genuineType(answer?.schema);
  return ourStatus === status && ourAnswerType === wanted
    ? []
    : [`${key}: answers ${String(ourStatus)} ${ourAnswerType} instead of ${status} ${wanted}`];
}

describe.skipIf(isMissing)('the contract against the genuine Swagger files', () => {
  test.each(CORE_FILES)('%s: paths, operations, parameters, bodies, answers', (file, release) => {
    const genuine = readGenuine(file);
    const wanted = new Map(
      Object.entries(genuine.paths).flatMap(([route, item]) =>
        Object.entries(item).map(
          ([method, operation]) => [`${method} ${route}`, operation] as const,
        ),
      ),
    );
    const ours = new Map(
      Object.entries(openApiDocument.paths).flatMap(([route, item]) =>
        Object.entries(item)
          .filter(([, operation]) => isIn(operation['x-since'], release))
          .filter(([, operation]) => !NOT_IN_CORE.includes(operation.operationId))
          .map(([method, operation]) => [`${method} ${route}`, operation] as const),
      ),
    );

    const differences = [...ours].flatMap(([key, operation]) => {
      const other = wanted.get(key);
      return other === undefined ? [] : compareOperation(key, other, operation, false);
    });

    expect([...ours.keys()].sort()).toEqual([...wanted.keys()].sort());
    expect(differences).toEqual([]);
  });

  test.each(CORE_FILES)(
    '%s: fields, their types, values and whether they are required',
    (file, release) => {
      const { definitions } = readGenuine(file);
      const { schemas } = openApiDocument.components;

      const differences = Object.entries(definitions)
        .filter(([name]) => !RESHAPED.includes(`${release}:${name}`))
        .flatMap(([name, definition]) => {
          const ours = schemas[name];
          if (ours === undefined) return [`${name} is missing`];
          const wanted =
            release === '9.0.1' ? requiredElsewhere(name, definition) : genuineRequired(definition);
          return compareSchema(name, definition, ours, release, wanted);
        });

      expect(differences).toEqual([]);
    },
  );

  test('a patch has the fields of a publication and requires none', () => {
    const { schemas } = openApiDocument.components;

    expect(schemas['PatchWebServiceRequest']?.properties).toEqual(
      schemas['PublishWebServiceRequest']?.properties,
    );
    expect(schemas['PatchWebServiceRequest']?.required).toBe(undefined);
  });

  const serviceFiles = isMissing
    ? []
    : readdirSync(GENUINE_FOLDER).filter(
        (file) => file.endsWith('.json') && !/^(?:rserver|mlserver)-/.test(file),
      );

  test.each(serviceFiles)('%s: the calls of a published service', (file) => {
    const genuine = readGenuine(file);
    const differences = Object.entries(genuine.paths).flatMap(([route, item]) => {
      const ourRoute = route.replace(/^\/api\/[^/]+\/[^/]+/, '/api/{name}/{version}');
      return Object.entries(item).flatMap(([method, operation]) => {
        const own = openApiDocument.paths[ourRoute]?.[method as 'get'];
        if (own === undefined) return [`${method} ${route} is missing`];
        return compareOperation(
          `${method} ${route}`,
          operation,
          withoutService(own),
          isNamedByService(ourRoute, method),
        );
      });
    });

    expect(differences).toEqual([]);
  });

  test.each(serviceFiles)('%s: the definitions of a published service', (file) => {
    const { definitions } = readGenuine(file);
    const { schemas } = openApiDocument.components;
    const differences = Object.entries(definitions)
      // Inputs and outputs are those of the service.
      .filter(([name]) => name !== 'InputParameters' && name !== 'OutputParameters')
      .flatMap(([name, definition]) => {
        // The errors of services have a name of their own here.
        const ownName = name === 'Error' ? 'ServiceError' : name;
        const own = schemas[ownName];
        if (own === undefined) return [`${ownName} is missing`];
        const wanted = requiredElsewhere(ownName, definition);
        return compareSchema(ownName, serviceDefinition(name, definition), own, '9.3', wanted);
      });

    expect(differences).toEqual([]);
  });
});

/** The consuming call carries the alias of its service; the path form of revoking shares its id with the query form. */
function isNamedByService(route: string, method: string): boolean {
  return (
    (route === '/api/{name}/{version}' && method === 'post') ||
    route === '/login/refreshToken/{refreshToken}'
  );
}

/** In the file of a service, name and version are part of the path, and the inputs have a type of their own. */
function withoutService(operation: Operation): Operation {
  const rename = (schema: Schema): Schema => {
    if (schema.items !== undefined) return { ...schema, items: rename(schema.items) };
    return schema.$ref?.endsWith('/WebServiceParameters') === true
      ? { $ref: 'InputParameters' }
      : schema;
  };
  const content = operation.requestBody?.content['application/json'];
  return {
    ...operation,
    parameters: (operation.parameters ?? []).filter(
      ({ name }) => name !== 'name' && name !== 'version',
    ),
    ...(operation.requestBody === undefined || content === undefined
      ? {}
      : {
          requestBody: {
            ...operation.requestBody,
            content: { 'application/json': { schema: rename(content.schema) } },
          },
        }),
  };
}

/**
 * Evens out what differs between the files of services: `outputFiles` is listed only where the service has some although
 * it is always sent (section 7.2); the outputs have a type of their own.
 */
function serviceDefinition(name: string, definition: GenuineSchema): GenuineSchema {
  if (name !== 'WebServiceResult') return definition;
  return {
    ...definition,
    properties: {
      ...definition.properties,
      outputFiles: { type: 'object' },
      outputParameters: { type: 'object' },
    },
  };
}
