// Schemas that are compiled when the first request needs them: compiling those of all routes takes as long as starting R,
// and most servers of one user never see most routes.
import createValidatorFactory from '@fastify/ajv-compiler';
import createSerializerFactory from '@fastify/fast-json-stringify-compiler';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';

type AjvOptions = NonNullable<FastifyServerOptions['ajv']>;
/**
 * A serializer adds piece to piece, and as long as it does, all pieces are kept: for lists of thousands the garbage
 * collector moves them around for a third of the time. `JSON.stringify` writes into one place.
 */
const LONG_LISTS = { largeArrayMechanism: 'json-stringify', largeArraySize: 1000 } as const;

type Validate = ReturnType<Parameters<FastifyInstance['setValidatorCompiler']>[0]>;

/** Fastify's own compilers in an application, each schema with its first request. */
export function compileSchemasLate(app: FastifyInstance, ajv: AjvOptions): void {
  const validator = once(() => createValidatorFactory()({}, { plugins: [], ...ajv }));
  app.setValidatorCompiler((route) => {
    const compiled = once(() => validator()(route) as Validate);
    const validate: Validate = (data: unknown) => {
      const result: unknown = compiled()(data);
      // Where Fastify looks for what is wrong.
      validate.errors = compiled().errors ?? null;
      return result as boolean;
    };
    return validate;
  });
  const serializer = once(() => createSerializerFactory()({}, LONG_LISTS));
  app.setSerializerCompiler((route) => {
    const serialize = once(() => serializer()(route as never) as (data: unknown) => string);
    return (data) => serialize()(data);
  });
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
