// The three roles of R Server: who has which, and what each may call. Rights on single services are the services' own.
import type { OperationId } from '../../api/index.js';
import { ApiError } from '../errors.js';
import { ROLES, type Identity, type Principal, type Role } from './identity.js';

export type { Role };

/** Whom a role is given to. */
export interface RoleMembers {
  readonly users: readonly string[];
  /** Groups of LDAP, or groups and roles of OpenID, in any case of letters. */
  readonly groups: readonly string[];
}

/** The roles that a server declares; one that is absent, or has no members, is not declared. */
export type RoleAssignments = Readonly<Partial<Record<Role, RoleMembers>>>;

/** The account that a server begins with owns it. */
const FIRST_ACCOUNT = 'admin';

/**
 * What nobody needs a role for is `anyone`; all else names the least role that may call it. A reader lists and consumes
 * services, a contributor also has sessions and snapshots and publishes, an owner also says which machines compute.
 *
 * @see https://learn.microsoft.com/en-us/machine-learning-server/operationalize/configure-roles
 */
export const LEAST_ROLE: Readonly<Record<OperationId, Role | 'anyone'>> = {
  login: 'anyone',
  renewToken: 'anyone',
  revokeRefreshToken: 'anyone',
  revokeRefreshTokenByPath: 'anyone',
  status: 'Reader',
  createSession: 'Contributor',
  listSessions: 'Contributor',
  closeSession: 'Contributor',
  closeSessionByForce: 'Contributor',
  executeCode: 'Contributor',
  cancelSession: 'Contributor',
  getSessionConsoleOutput: 'Contributor',
  listSessionHistory: 'Contributor',
  streamSessionEvents: 'Contributor',
  uploadSessionFile: 'Contributor',
  listSessionFiles: 'Contributor',
  getSessionFile: 'Contributor',
  deleteSessionFile: 'Contributor',
  listWorkspaceObjects: 'Contributor',
  setWorkspaceObject: 'Contributor',
  getWorkspaceObject: 'Contributor',
  deleteWorkspaceObject: 'Contributor',
  CreateSnapshot: 'Contributor',
  LoadSnapshot: 'Contributor',
  ListSnapshots: 'Contributor',
  GetSnapshotContent: 'Contributor',
  DeleteSnapshot: 'Contributor',
  getAllWebServices: 'Reader',
  getAllWebServiceVersionsByName: 'Reader',
  getWebServiceVersion: 'Reader',
  publishWebService: 'Contributor',
  publishWebServiceVersion: 'Contributor',
  patchWebServiceVersion: 'Contributor',
  deleteWebServiceVersion: 'Contributor',
  publishRealtimeWebServiceByName: 'Contributor',
  publishRealtimeWebServiceByNameVersion: 'Contributor',
  patchRealtimeWebServiceByNameVersion: 'Contributor',
  createOrUpdateServicePool: 'Contributor',
  getServicePoolStatus: 'Contributor',
  deleteServicePool: 'Contributor',
  GetWebServiceSwagger: 'Reader',
  ConsumeWebService: 'Reader',
  StartBatchExecution: 'Reader',
  GetBatchExecutions: 'Reader',
  GetBatchExecutionStatus: 'Reader',
  CancelAndDeleteBatchExecution: 'Reader',
  GetBatchExecutionFiles: 'Reader',
  GetBatchExecutionFile: 'Reader',
  getComputeNodes: 'Contributor',
  setComputeNodes: 'Owner',
  addComputeNode: 'Owner',
  removeComputeNode: 'Owner',
};

/** Whether a role may do what another one may. */
export function includesRole(role: Role, least: Role | 'anyone'): boolean {
  return least === 'anyone' || ROLES.indexOf(role) <= ROLES.indexOf(least);
}

/**
 * Why a user may not make this call; undefined when they may.
 *
 * @returns `API_NO_ROLE`, `API_FORBIDDEN`.
 */
export function refusalOf(
  { owner, role }: Principal,
  operationId: OperationId,
): ApiError | undefined {
  if (role === undefined) return noRole(owner);
  const least = LEAST_ROLE[operationId];
  if (includesRole(role, least)) return undefined;
  return new ApiError(
    'API_FORBIDDEN',
    `Forbidden: ${operationId} needs the role ${least}, and ${owner} is ${role}.`,
  );
}

/** The refusal of somebody whom no role is given to. */
export function noRole(owner: string): ApiError {
  return new ApiError('API_NO_ROLE', `Forbidden: ${owner} has no role on this server.`);
}

/**
 * The highest role that somebody is given, else the default: contributor while no role or only owners are declared,
 * reader when contributors are, none when readers are.
 *
 * @returns Undefined: none, which is refused everything.
 */
export function roleOf(identity: Identity, assignments: RoleAssignments): Role | undefined {
  const given = ROLES.find(
    (role) => identity.role === role || isMember(identity, assignments[role]),
  );
  if (given !== undefined) return given;
  if (identity.source === 'local' && identity.name === FIRST_ACCOUNT) return 'Owner';
  if (isDeclared(assignments.Reader)) return undefined;
  return isDeclared(assignments.Contributor) ? 'Reader' : 'Contributor';
}

function isMember({ name, groups }: Identity, members: RoleMembers | undefined): boolean {
  if (members === undefined) return false;
  if (members.users.includes(name)) return true;
  const names = new Set(groups.map(normalize));
  return members.groups.some((group) => names.has(normalize(group)));
}

/** `CN=Owners, OU=Groups` and `cn=owners,ou=groups` are one group. */
function normalize(group: string): string {
  return group.toLowerCase().replaceAll(/\s*([,=])\s*/g, '$1');
}

function isDeclared(members: RoleMembers | undefined): boolean {
  return members !== undefined && members.users.length + members.groups.length > 0;
}
