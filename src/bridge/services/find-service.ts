// Looks services up by name and version, and says in plain words what the server's refusals mean.
import { AppError } from '../../base/index.js';
import type { WebServiceInfo } from '../../client/index.js';
import { BridgeError } from '../errors.js';
import type { MagicContext } from '../magics/magic.js';

/**
 * The published versions of a service; empty when there is none. What is seen is known for completion.
 *
 * @throws {ClientError} as the client does.
 */
export async function versionsOf(
  name: string,
  context: MagicContext,
): Promise<readonly WebServiceInfo[]> {
  const { session, cell, signal } = context;
  const { client } = await session.connected(cell);
  const versions = await orIfMissing(client.services.listVersions(name, { signal }), []);
  session.services.keep(client, versions, name);
  return versions;
}

/**
 * One version of a service; without a version the one that was published last.
 *
 * @throws {BridgeError} `BRIDGE_SERVICE_NOT_FOUND`.
 */
export async function findService(
  name: string,
  version: string | undefined,
  context: MagicContext,
): Promise<WebServiceInfo> {
  const versions = await versionsOf(name, context);
  const found =
    version === undefined
      ? versions.at(-1)
      : versions.find((service) => service.version === version);
  if (found !== undefined) return found;
  throw notFound(name, version, versions);
}

/** The service is not there, or was deleted meanwhile. */
function notFound(
  name: string,
  version: string | undefined,
  versions: readonly WebServiceInfo[],
): BridgeError {
  const known = versions.map((service) => service.version).join(', ');
  return new BridgeError(
    'BRIDGE_SERVICE_NOT_FOUND',
    version === undefined || versions.length === 0
      ? `There is no service "${name}".`
      : `Service ${name} has no version "${version}". It has ${known}.`,
  );
}

/**
 * Waits for a call that names a service, and tells a missing service from other failures.
 *
 * @throws {BridgeError} `BRIDGE_SERVICE_NOT_FOUND`.
 */
export async function orNotFound<T>(
  work: Promise<T>,
  name: string,
  version: string,
  context: MagicContext,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    throw notFound(name, version, await versionsOf(name, context));
  }
}

/** Whether the server refused with one of these statuses. */
export function hasStatus(error: unknown, ...statusCodes: readonly number[]): boolean {
  return (
    error instanceof AppError &&
    error.code === 'CLIENT_STATUS' &&
    statusCodes.some((statusCode) => error.facts['statusCode'] === statusCode)
  );
}

/**
 * The error to show for a failed publication: servers answer 403 and 409 alike where a version exists.
 *
 * @param error - What publishing threw.
 */
export async function explainRefusal(
  error: unknown,
  name: string,
  version: string | undefined,
  context: MagicContext,
): Promise<unknown> {
  if (version === undefined || !hasStatus(error, 403, 409)) return error;
  const found = (await versionsOf(name, context)).find((service) => service.version === version);
  return found === undefined ? error : alreadyPublished(found, error);
}

/** @throws {BridgeError} `BRIDGE_SERVICE_EXISTS` when the version is there. */
export async function requireAbsent(
  name: string,
  version: string,
  context: MagicContext,
): Promise<void> {
  const versions = await versionsOf(name, context);
  const existing = versions.find((service) => service.version === version);
  if (existing !== undefined) throw alreadyPublished(existing);
}

/** The version is there. */
function alreadyPublished(service: WebServiceInfo, cause?: unknown): BridgeError {
  const { name, version, versionPublishedBy: owner, myPermissionOnService } = service;
  const by = owner === '' ? '' : ` by ${owner}`;
  const isOthers = myPermissionOnService === 'read only';
  return new BridgeError(
    'BRIDGE_SERVICE_EXISTS',
    `Service ${name} ${version} is published already${by}.`,
    {
      cause,
      hint: isOthers
        ? 'You may not change it: publish under another name or version.'
        : 'Change it with --update, or publish under another version.',
    },
  );
}

async function orIfMissing<T>(
  work: Promise<readonly T[]>,
  otherwise: readonly T[],
): Promise<readonly T[]> {
  try {
    return await work;
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
    return otherwise;
  }
}
