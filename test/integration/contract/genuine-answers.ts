// Checks answers of a server against one genuine Swagger file.
import { Ajv, type ValidateFunction } from 'ajv';
import {
  readGenuine,
  type GenuineDocument,
  type GenuineOperation,
  type GenuineSchema,
} from '../../helpers/genuine-swagger.js';
import { CHANGED_FIELDS, CORE_FAILURES, EXTRA_FIELDS, FREE_DEFINITIONS } from './deviations.js';
import { operationKey, type Exchange } from './exchanges.js';

/** In files of services the path has the name and the version. */
const SERVICE_PATH = /^\/api\/[^/]+\/[^/]+(?!.*swagger\.json)/;

/** One file, ready to check answers. */
export class GenuineAnswers {
  /** Keys as those of exchanges. */
  readonly operations: ReadonlyMap<string, GenuineOperation>;
  readonly #ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
  readonly #isOfService: boolean;
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(file: string) {
    const document = readGenuine(file);
    this.#ajv.addSchema({ $id: 'file', definitions: definitionsOf(document) }, 'file');
    this.#isOfService = !('/sessions' in document.paths);
    this.operations = new Map(
      Object.entries(document.paths).flatMap(([path, item]) =>
        Object.entries(item).map(
          ([method, operation]) => [operationKey(method, templateOf(path)), operation] as const,
        ),
      ),
    );
  }

  /** Statuses of failures that an operation is said to have. */
  documentedFailures(key: string): string[] {
    const { responses = {} } = this.operations.get(key) ?? {};
    const inText = responses['default']?.description?.match(/\b[45]\d\d\b/g) ?? [];
    const listed = Object.keys(responses).filter((status) => /^[45]/.test(status));
    return [...new Set([...inText, ...listed])];
  }

  /** What is wrong with an answer; nothing for one of an operation that the file does not have. */
  problemsOf({ operation: key, status, body }: Exchange): string[] {
    const operation = this.operations.get(key);
    if (operation === undefined) return [];
    const place = `${key} ${status}`;
    if (status >= 400) return this.#failureProblems(place, operation, status, body);
    const response = operation.responses[String(status)];
    if (response === undefined) return [`${place}: the file has no such answer`];
    const { schema } = response;
    // Without a schema the file is silent.
    if (schema === undefined) return [];
    if (schema.type === 'file')
      return body instanceof Buffer ? [] : [`${place}: is not a stream of bytes`];
    return this.#schemaProblems(place, schema, body);
  }

  #failureProblems(
    place: string,
    operation: GenuineOperation,
    status: number,
    body: unknown,
  ): string[] {
    const schema = operation.responses['default']?.schema;
    if (schema === undefined) return [`${place}: the file knows no failure`];
    if (status >= 500) return [`${place}: is a fault of the server`];
    if (this.#isOfService && Object.values(CORE_FAILURES).some((calls) => calls.test(place)))
      return [];
    return this.#schemaProblems(place, schema, body);
  }

  #schemaProblems(place: string, schema: GenuineSchema, body: unknown): string[] {
    const validate = this.#validatorOf(schema);
    // ajv takes a missing body for valid.
    if (body === undefined) return [`${place}: has no body`];
    if (validate(body)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${place}: ${instancePath} ${String(message)} ${JSON.stringify(params)}`,
    );
  }

  #validatorOf(schema: GenuineSchema): ValidateFunction {
    const text = JSON.stringify(schema).replaceAll('"#/definitions', '"file#/definitions');
    let validate = this.#validators.get(text);
    if (validate === undefined) {
      validate = this.#ajv.compile(JSON.parse(text) as object);
      this.#validators.set(text, validate);
    }
    return validate;
  }
}

function templateOf(path: string): string {
  return path.replace(SERVICE_PATH, '/api/{name}/{version}');
}

/** The definitions as we mean them: closed, so that a field nobody knows is seen, and with the deviations. */
function definitionsOf({ definitions }: GenuineDocument): Record<string, object> {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => {
      if (name in FREE_DEFINITIONS) return [name, {}];
      const properties: Record<string, object> = {
        ...Object.fromEntries(Object.keys(EXTRA_FIELDS[name] ?? {}).map((field) => [field, {}])),
        ...definition.properties,
      };
      for (const { definition: changed, field, schema } of CHANGED_FIELDS) {
        if (changed === name && field in properties) properties[field] = schema;
      }
      const isClosed =
        definition.properties !== undefined && definition.additionalProperties === undefined;
      return [
        name,
        { ...definition, properties, ...(isClosed && { additionalProperties: false }) },
      ];
    }),
  );
}
