// The one error class whose words may reach a client. Codes, statuses and remedies are the contract's: src/api/error-codes.ts.
import { API_ERROR_CODES, type ApiErrorCodeName } from '../api/index.js';
import { AppError, type AppErrorOptions } from '../base/index.js';

export interface ApiErrorOptions extends AppErrorOptions {
  /** Becomes the header `Retry-After`. */
  readonly retryAfterSeconds?: number;
  /** The inputs that it is about, as an answer of a service names them. */
  readonly fields?: string;
}

/** A failing answer. Its message is shown to the client as it is. */
export class ApiError extends AppError {
  declare readonly code: ApiErrorCodeName;
  readonly statusCode: number;
  readonly retryAfterSeconds: number | undefined;
  readonly fields: string;

  constructor(code: ApiErrorCodeName, message: string, options: ApiErrorOptions = {}) {
    super(code, message, options);
    this.statusCode = API_ERROR_CODES[code].statusCode;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.fields = options.fields ?? '';
  }

  /** The value of `exceptionType` in the answer. */
  get exceptionType(): string {
    return API_ERROR_CODES[this.code].exceptionType;
  }
}
