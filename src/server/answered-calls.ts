// Calls that have been answered, by HTTP or on an event stream, for those who write down or count them.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { OperationId } from '../api/index.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The operation of the contract that a route serves. */
    readonly operationId?: OperationId;
  }
  interface FastifyRequest {
    /** The code of the error that was answered; empty when there was none. */
    errorCode: string;
  }
}

/** One call and how it was answered. */
export interface AnsweredCall {
  /** Undefined for what is not in the contract. */
  readonly operationId: OperationId | undefined;
  /** E.g. `POST`. */
  readonly method: string;
  /** Empty where nobody was recognised. */
  readonly user: string;
  /** Of the client. */
  readonly address: string;
  /** Those of the path, by their names. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly statusCode: number;
  /** Empty where there was no error. */
  readonly errorCode: string;
  readonly elapsedMs: number;
}

/** Told of each call after its answer. */
export type CallObserver = (call: AnsweredCall) => void;

/** Tells observers of the calls of an application; call it before the routes. The list may grow until the first request. */
export function observeCalls(app: FastifyInstance, observers: readonly CallObserver[]): void {
  app.addHook('onResponse', (request, reply, done) => {
    if (observers.length > 0) {
      const call = answeredCall(request, reply.statusCode, reply.elapsedTime);
      for (const observe of observers) observe(call);
    }
    done();
  });
}

function answeredCall(
  request: FastifyRequest,
  statusCode: number,
  elapsedMs: number,
): AnsweredCall {
  return {
    operationId: request.routeOptions.config.operationId,
    method: request.method,
    user: request.owner,
    address: request.ip,
    parameters: (request.params ?? {}) as Readonly<Record<string, string>>,
    statusCode,
    errorCode: request.errorCode,
    elapsedMs,
  };
}
