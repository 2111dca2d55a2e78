// Who may do what with a service. Which calls a role may make at all is asked before: see auth/roles.ts.
import { ApiError } from '../errors.js';
import type { Role } from '../auth/roles.js';
import type { ServiceRecord } from '../store/services.js';

/** Who makes a call. */
export interface Caller {
  readonly owner: string;
  readonly role: Role;
}

/** An owner of the server may change every service, a contributor their own. */
export function mayChange(service: ServiceRecord, { owner, role }: Caller): boolean {
  return role === 'Owner' || (role === 'Contributor' && service.publishedBy === owner);
}

/** The code is for its publisher and for owners of the server. */
export function seesCode(service: ServiceRecord, { owner, role }: Caller): boolean {
  return role === 'Owner' || service.publishedBy === owner;
}

/** @throws {ApiError} `API_SERVICE_NOT_OWNED`. */
export function assertMayChange(service: ServiceRecord, caller: Caller): void {
  if (mayChange(service, caller)) return;
  throw new ApiError(
    'API_SERVICE_NOT_OWNED',
    `Service ${service.name} ${service.version} is of ${service.publishedBy}; only they and owners of the server may change it.`,
  );
}
