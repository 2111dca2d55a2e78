// Code that a client sends on its event stream: the same checks and the same answer as `POST /sessions/{id}/execute`.
import type {
  ExecuteAnswer,
  ExecuteMessage,
  ExecuteResponse,
  ResumeMessage,
} from '../api/index.js';
import type { Logger } from '../base/index.js';
import type { CallObserver } from './answered-calls.js';
import { authenticate, bearerTokenOf } from './auth/authenticate.js';
import type { Authenticator } from './auth/authenticator.js';
import type { Principal } from './auth/identity.js';
import { refusalOf } from './auth/roles.js';
import { errorBody, toApiError } from './error-response.js';
import type { ApiError } from './errors.js';
import { checkExecuteRequest, executionOf } from './sessions/execution-request.js';
import type { SessionRegistry } from './sessions/session-registry.js';
import type { Session, SessionExecution } from './sessions/session.js';

const OPERATION = 'executeCode';

export interface StreamedExecutionsOptions {
  readonly sessionId: string;
  /** Header of the handshake. */
  readonly authorization: string | undefined;
  /** Of the client. */
  readonly address: string;
  readonly authenticator: Authenticator;
  readonly sessions: SessionRegistry;
  /** Called for each call before anything else; returns an error to refuse it. */
  readonly admit: () => ApiError | undefined;
  readonly observers: readonly CallObserver[];
  /** Sends the answer to an execution that never came to the session. */
  readonly refuse: (frame: string) => void;
  /** Whether the client has gone. */
  readonly isGone: () => boolean;
  readonly logger: Logger;
}

/** The executions of one event stream. */
export class StreamedExecutions {
  readonly #options: StreamedExecutionsOptions;
  #token: string | undefined;

  constructor(options: StreamedExecutionsOptions) {
    this.#options = options;
    this.#token = bearerTokenOf(options.authorization);
  }

  /** Runs code and answers; never rejects. */
  async run(message: ExecuteMessage): Promise<void> {
    const { logger, observers, sessionId } = this.#options;
    const call: Call = { startedAtMs: performance.now(), user: '', statusCode: 200, errorCode: '' };
    let session: Session | undefined;
    let answer: ExecuteAnswer;
    try {
      const principal = this.#recognise(message) ?? (await this.#authenticate());
      call.user = principal.owner;
      session = this.#admit(principal);
      answer = answerOf(message, await session.execute(this.#executionOf(message)));
    } catch (thrown) {
      const path = `/sessions/${sessionId}/events`;
      const error = toApiError(thrown, logger, { method: 'execute', path });
      call.statusCode = error.statusCode;
      call.errorCode = error.code;
      answer = refusalAnswer(message, error);
    }
    if (session === undefined) this.#options.refuse(JSON.stringify(answer));
    else session.sendAnswer(answer);
    if (observers.length > 0) this.#tell(call);
  }

  #admit(principal: Principal): Session {
    const { admit, sessions, sessionId } = this.#options;
    const refusal = admit() ?? refusalOf(principal, OPERATION);
    if (refusal !== undefined) throw refusal;
    return sessions.get(sessionId, principal.owner);
  }

  #executionOf({ executionId, input, body }: ExecuteMessage): SessionExecution {
    return executionOf(checkExecuteRequest(body), {
      executionId,
      isConsoleByEvents: true,
      isInputByEvents: input,
      isAnsweredByEvents: true,
      isAbandoned: this.#options.isGone,
    });
  }

  /** The user of a token that has been checked before. */
  #recognise({ authorization }: ExecuteMessage): Principal | undefined {
    if (authorization !== undefined) this.#token = bearerTokenOf(authorization);
    return this.#token === undefined ? undefined : this.#options.authenticator.known(this.#token);
  }

  #authenticate(): Promise<Principal> {
    return authenticate(this.#options.authenticator, this.#token);
  }

  #tell({ startedAtMs, ...call }: Call): void {
    const { observers, address, sessionId } = this.#options;
    for (const observe of observers) {
      observe({
        operationId: OPERATION,
        method: 'POST',
        address,
        parameters: { id: sessionId },
        elapsedMs: performance.now() - startedAtMs,
        ...call,
      });
    }
  }
}

/** What observers are told of. */
interface Call {
  readonly startedAtMs: number;
  user: string;
  statusCode: number;
  errorCode: string;
}

/** Where a client goes on after its stream broke, or `undefined` for something else. */
export function parseResumeMessage(value: unknown): ResumeMessage | undefined {
  if (!isRecord(value)) return undefined;
  const { type, executionId, count } = value;
  if (type !== 'resume' || typeof executionId !== 'string') return undefined;
  return typeof count === 'number' && count >= 0 ? { type, executionId, count } : undefined;
}

/** An execution whose body is still to be checked, or `undefined` for something else. */
export function parseExecuteMessage(value: unknown): ExecuteMessage | undefined {
  if (!isRecord(value)) return undefined;
  const { type, executionId, authorization, input, body } = value;
  if (type !== 'execute' || typeof executionId !== 'string' || !isRecord(body)) return undefined;
  return {
    type,
    executionId,
    input: input === true,
    body: body as unknown as ExecuteMessage['body'],
    ...(typeof authorization === 'string' && { authorization }),
  };
}

function answerOf({ executionId }: ExecuteMessage, body: ExecuteResponse): ExecuteAnswer {
  return { type: 'answer', executionId, statusCode: 200, body };
}

function refusalAnswer({ executionId }: ExecuteMessage, error: ApiError): ExecuteAnswer {
  const { statusCode, retryAfterSeconds: retryAfter } = error;
  return {
    type: 'answer',
    executionId,
    statusCode,
    ...(retryAfter !== undefined && { retryAfter }),
    body: errorBody(error),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
