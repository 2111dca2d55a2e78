// The words in which the contract is written: a small subset of OpenAPI 3.1 and helpers that keep the resource files short.

/** First release of R Server that has an operation or a field. 9.2.0 equals 9.1, 9.4 equals 9.3. */
export type Since = '9.0.1' | '9.1' | '9.2.1' | '9.3';

/** What only the embedded server offers. @see docs/rest-api.md */
export type ExtensionName = 'events' | 'source' | 'restore' | 'stdin' | 'snapshots' | 'executions';

/** A JSON Schema (2020-12, as OpenAPI 3.1 uses it), reduced to the keywords the contract needs. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
  /** First release with this field; absent means as old as the schema itself. */
  readonly 'x-since'?: Since;
  /** Set on a field that only the embedded server knows. */
  readonly 'x-extension'?: ExtensionName | 'errors';
  /** Why the field differs from the genuine Swagger file. */
  readonly 'x-contradiction'?: string;
}

/** One parameter outside the body. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly required: boolean;
  readonly description: string;
  readonly schema: Schema;
  readonly 'x-extension'?: ExtensionName;
  readonly 'x-contradiction'?: string;
}

/** Content types to schema, as OpenAPI nests it. */
export type Content = Readonly<
  Record<string, { readonly schema: Schema; readonly example?: unknown }>
>;

/** One answer of an operation. */
export interface ResponseSpec {
  readonly description: string;
  readonly content?: Content;
  readonly headers?: Readonly<
    Record<string, { readonly description: string; readonly schema: Schema }>
  >;
}

/** One operation: a method on a path. */
export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly description: string;
    readonly content: Content;
  };
  readonly responses: Readonly<Record<string, ResponseSpec>>;
  /** Empty where no bearer token is needed. */
  readonly security?: readonly [];
  readonly 'x-since': Since;
  /** Set where only the embedded server has the operation. */
  readonly 'x-extension'?: ExtensionName;
  /** Set where the operation is printed in one source and missing in another. */
  readonly 'x-contradiction'?: string;
}

/** HTTP methods the API uses, as OpenAPI spells them. */
export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** The operations of one path. */
export type PathItem = Readonly<Partial<Record<Method, Operation>>>;

/** Paths of one resource. */
export type Paths = Readonly<Record<string, PathItem>>;

/** Schemas of one resource, by name. */
export type Schemas = Readonly<Record<string, Schema>>;

/** The assembled document. */
export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: {
    readonly title: string;
    readonly version: string;
    readonly description: string;
  };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly paths: Paths;
  readonly components: {
    readonly schemas: Schemas;
    readonly securitySchemes: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

/** A reference to a named schema. */
export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}

/** A list of a named schema. */
export function listOf(name: string): Schema {
  return { type: 'array', items: ref(name) };
}

/** A list of strings. */
export function strings(description?: string): Schema {
  return {
    type: 'array',
    items: { type: 'string' },
    ...(description === undefined ? {} : { description }),
  };
}

/** A string with a description. */
export function text(description: string): Schema {
  return { type: 'string', description };
}

/** A required path parameter; its value is one percent-encoded segment. */
export function pathParameter(name: string, description: string, schema?: Schema): Parameter {
  return { name, in: 'path', required: true, description, schema: schema ?? { type: 'string' } };
}

/** A required JSON body. */
export function jsonBody(
  schema: Schema,
  description: string,
  example?: unknown,
): NonNullable<Operation['requestBody']> {
  return {
    required: true,
    description,
    content: { 'application/json': { schema, ...(example === undefined ? {} : { example }) } },
  };
}

/** A JSON answer. */
export function jsonResponse(schema: Schema, description: string, example?: unknown): ResponseSpec {
  return {
    description,
    content: { 'application/json': { schema, ...(example === undefined ? {} : { example }) } },
  };
}

/** An answer that is a stream of bytes. */
export function bytesResponse(
  description: string,
  contentType = 'application/octet-stream',
): ResponseSpec {
  return {
    description,
    content: { [contentType]: { schema: { type: 'string', format: 'binary' } } },
  };
}

/** An answer without a body. */
export function emptyResponse(description: string): ResponseSpec {
  return { description };
}

/** What status 401 means everywhere. */
export const unauthorized = 'No bearer token, or one that is expired or revoked.';

/**
 * The failing answers of an operation of the core API, with `default` for every other status.
 *
 * @param reasons - Status code to what it means here.
 */
export function errorResponses(
  reasons: Readonly<Record<number, string>>,
): Record<string, ResponseSpec> {
  return failures(reasons, 'Error');
}

/** The failing answers under `/api/`, whose body has another shape. @see rserver-api section 3 */
export function serviceErrorResponses(
  reasons: Readonly<Record<number, string>>,
): Record<string, ResponseSpec> {
  return failures(reasons, 'ServiceError');
}

function failures(
  reasons: Readonly<Record<number, string>>,
  schemaName: string,
): Record<string, ResponseSpec> {
  const responses: Record<string, ResponseSpec> = {};
  for (const [status, description] of Object.entries(reasons)) {
    responses[status] = jsonResponse(ref(schemaName), description);
  }
  responses['default'] = jsonResponse(ref(schemaName), 'Any other failure.');
  return responses;
}
