// The document seen by operation id, with schemas that stand alone: what request validation and tests work with.
import type {
  ExtensionName,
  Method,
  OpenApiDocument,
  Operation,
  Parameter,
  Schema,
  Since,
} from './document.js';
import type { operations as GeneratedOperations } from './generated/schema.js';
import { openApiDocument } from './openapi.js';

/** Id of an operation, as in the genuine Swagger files. */
export type OperationId = keyof GeneratedOperations;

/** A schema without `$ref` and without keywords that only OpenAPI knows; valid for ajv in strict mode. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** One operation, ready for validation. */
export interface OperationDescription {
  readonly operationId: OperationId;
  readonly method: Uppercase<Method>;
  /** E.g. `/sessions/{id}/execute`. */
  readonly path: string;
  readonly since: Since;
  /** Set where only the embedded server has it. */
  readonly extension: ExtensionName | undefined;
  /** Whether a bearer token is needed. */
  readonly needsToken: boolean;
  readonly parameters: readonly Parameter[];
  /** An object schema over the path parameters; absent when there are none. */
  readonly pathSchema?: JsonSchema;
  /** An object schema over the query parameters; absent when there are none. */
  readonly querySchema?: JsonSchema;
  /** Content type of the request body; absent when it has none. */
  readonly bodyType?: string;
  /** Schema of a JSON body; absent for multipart and binary bodies. */
  readonly bodySchema?: JsonSchema;
  /** Status (or `default`) to the schema of a JSON answer; `undefined` for empty and binary ones. */
  readonly responseSchemas: Readonly<Record<string, JsonSchema | undefined>>;
}

/** Every operation of the contract, by its id. */
export const operations: Readonly<Record<OperationId, OperationDescription>> =
  /* @__PURE__ */ describeOperations(openApiDocument);

function describeOperations(document: OpenApiDocument): Record<OperationId, OperationDescription> {
  const described: Partial<Record<OperationId, OperationDescription>> = {};
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const description = describeOperation(document, path, method as Method, operation);
      described[description.operationId] = description;
    }
  }
  return described as Record<OperationId, OperationDescription>;
}

function describeOperation(
  document: OpenApiDocument,
  path: string,
  method: Method,
  operation: Operation,
): OperationDescription {
  const parameters = operation.parameters ?? [];
  const pathSchema = parametersSchema(document, parameters, 'path');
  const querySchema = parametersSchema(document, parameters, 'query');
  const [bodyType, body] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  const bodySchema =
    bodyType === 'application/json' && body !== undefined
      ? standAlone(document, body.schema)
      : undefined;
  const responseSchemas: Record<string, JsonSchema | undefined> = {};
  for (const [status, response] of Object.entries(operation.responses)) {
    const schema = response.content?.['application/json']?.schema;
    responseSchemas[status] = schema === undefined ? undefined : standAlone(document, schema);
  }
  return {
    operationId: operation.operationId as OperationId,
    method: method.toUpperCase() as Uppercase<Method>,
    path,
    since: operation['x-since'],
    extension: operation['x-extension'],
    needsToken: operation.security === undefined,
    parameters,
    ...(pathSchema === undefined ? {} : { pathSchema }),
    ...(querySchema === undefined ? {} : { querySchema }),
    ...(bodyType === undefined ? {} : { bodyType }),
    ...(bodySchema === undefined ? {} : { bodySchema }),
    responseSchemas,
  };
}

function parametersSchema(
  document: OpenApiDocument,
  parameters: readonly Parameter[],
  place: Parameter['in'],
): JsonSchema | undefined {
  const wanted = parameters.filter((parameter) => parameter.in === place);
  if (wanted.length === 0) return undefined;
  return {
    type: 'object',
    required: wanted.filter((parameter) => parameter.required).map((parameter) => parameter.name),
    properties: Object.fromEntries(
      wanted.map((parameter) => [parameter.name, standAlone(document, parameter.schema)]),
    ),
  };
}

/** Puts referenced schemas in place. The one recursion (StatusResponse) refers to its own root. */
function standAlone(document: OpenApiDocument, schema: Schema): JsonSchema {
  const rootName = schema.$ref;
  const expand = (part: Schema, isRoot: boolean): JsonSchema => {
    if (part.$ref !== undefined) {
      if (!isRoot && part.$ref === rootName) return { $ref: '#' };
      return expand(namedSchema(document, part.$ref), false);
    }
    const expanded: Record<string, unknown> = {};
    for (const [keyword, value] of Object.entries(part)) {
      if (keyword.startsWith('x-') || keyword === 'format') continue;
      expanded[keyword] = expandKeyword(keyword, value, (inner) => expand(inner, false));
    }
    return expanded;
  };
  return expand(schema, true);
}

function expandKeyword(
  keyword: string,
  value: unknown,
  expand: (schema: Schema) => JsonSchema,
): unknown {
  switch (keyword) {
    case 'properties':
      return Object.fromEntries(
        Object.entries(value as Record<string, Schema>).map(([name, inner]) => [
          name,
          expand(inner),
        ]),
      );
    case 'items':
      return expand(value as Schema);
    case 'additionalProperties':
      return typeof value === 'boolean' ? value : expand(value as Schema);
    case 'anyOf':
      return (value as readonly Schema[]).map(expand);
    default:
      return value;
  }
}

function namedSchema(document: OpenApiDocument, reference: string): Schema {
  const name = reference.replace('#/components/schemas/', '');
  const schema = document.components.schemas[name];
  if (schema === undefined) throw new TypeError(`The contract has no schema named ${name}.`);
  return schema;
}
