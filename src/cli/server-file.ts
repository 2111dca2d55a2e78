// The configuration file of `serve`: TOML, checked against one schema. docs/server.md shows a complete one.
// Loaded only where such a file exists, since TOML and schemas take time to load.
import { z } from 'zod';
import { parseToml, toConfigError } from './toml-file.js';

/** The file as the schema has it. */
export type ServerFile = z.output<ReturnType<typeof serverFileSchema>>;

/**
 * Reads the content of a server file.
 *
 * @param file - Its path, for messages.
 * @throws {ConfigError} `CONFIG_FILE` for what is no TOML, `CONFIG_KEY` for an unknown key, `CONFIG_VALUE` for a value
 *   that does not fit.
 */
export function parseServerFile(content: string, file: string): ServerFile {
  const result = serverFileSchema().safeParse(parseToml(content, file));
  if (!result.success) throw toConfigError(result.error.issues, file);
  return result.data;
}

const text = (): z.ZodString => z.string().min(1);
const texts = () => z.array(text()).default([]);
const positive = () => z.int().min(1);

/** Tables and keys as people write them; what is not there is `undefined` or its default. */
function serverFileSchema() {
  return z.strictObject({
    server: serverTable().prefault({}),
    database: z.strictObject({ url: text().optional(), url_file: text().optional() }).prefault({}),
    tls: z
      .strictObject({
        cert: text(),
        key: text(),
        key_passphrase_file: text().optional(),
        client_ca: text().optional(),
      })
      .optional(),
    cors: z.strictObject({ origins: z.array(origin()).default([]) }).prefault({}),
    audit: z
      .strictObject({
        enabled: z.boolean().default(true),
        file: text().optional(),
        max_mb: positive().default(64),
        kept_files: z.int().min(0).default(10),
      })
      .prefault({}),
    admin_page: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
    metrics: z
      .strictObject({
        enabled: z.boolean().default(false),
        allow_from: z.array(network()).default(['127.0.0.1', '::1']),
      })
      .prefault({}),
    ldap: ldapTable().optional(),
    openid: openIdTable().optional(),
    roles: z
      .strictObject({
        owner: membersTable(),
        contributor: membersTable(),
        reader: membersTable(),
      })
      .prefault({}),
    isolation: isolationTable().prefault({}),
    limits: limitsTable().prefault({}),
  });
}

function serverTable() {
  return z.strictObject({
    host: text().optional(),
    port: z.int().min(0).max(65_535).optional(),
    data: text().optional(),
    password_file: text().optional(),
    local_accounts: z.boolean().optional(),
    trusted_proxies: z.array(network()).default([]),
  });
}

function ldapTable() {
  return z
    .strictObject({
      url: z.url({ protocol: /^ldaps?$/, error: 'an ldap:// or ldaps:// URL is expected' }),
      start_tls: z.boolean().default(false),
      ca: text().optional(),
      bind_dn: text().optional(),
      bind_password_file: text().optional(),
      user_base: text(),
      user_filter: text()
        .includes('{username}', { error: '{username} must be in it' })
        .default('(uid={username})'),
      username_attribute: text().default('uid'),
      group_base: text().optional(),
      group_filter: text().default('(member={dn})'),
      group_name_attribute: text().default('cn'),
      timeout_s: positive().default(10),
    })
    .refine((ldap) => !(ldap.start_tls && ldap.url.startsWith('ldaps:')), {
      path: ['start_tls'],
      error: 'an ldaps:// URL is encrypted from the start; StartTLS goes with ldap://',
    });
}

function openIdTable() {
  return z.strictObject({
    authority: z.url({ protocol: /^https?$/, error: 'a URL is expected' }),
    audience: z.union([text().transform((one) => [one]), z.array(text()).min(1)]),
    issuer: text().optional(),
    username_claim: text().default('preferred_username'),
    group_claims: z.array(text()).default(['groups', 'roles']),
  });
}

function membersTable() {
  return z.strictObject({ users: texts(), groups: texts() }).prefault({});
}

function isolationTable() {
  return z.strictObject({
    mode: z.enum(['auto', 'required', 'off']).default('auto'),
    work: text().optional(),
    first_uid: z
      .int()
      .min(1_000)
      .max(2 ** 31)
      .optional(),
    uid_count: z
      .int()
      .min(100)
      .max(2 ** 31)
      .default(100_000),
  });
}

/** Whatever is not there has no limit, or the server's own default. */
function limitsTable() {
  return z.strictObject({
    max_body_mb: positive().optional(),
    max_object_mb: positive().optional(),
    max_file_mb: positive().optional(),
    max_sessions: positive().optional(),
    max_user_sessions: positive().optional(),
    session_unused_s: z.int().min(0).optional(),
    max_execution_s: positive().optional(),
    max_user_execution_s_per_day: positive().optional(),
    max_runtimes: positive().optional(),
    runtime_memory_mb: positive().optional(),
    runtime_cpu_s: positive().optional(),
    runtime_file_mb: positive().optional(),
    runtime_processes: positive().optional(),
    service_call_s: positive().optional(),
    service_unused_s: positive().optional(),
    max_loaded_services: positive().optional(),
    max_batch_parallel_count: positive().optional(),
    batch_kept_days: z.int().min(0).optional(),
    max_login_failures: positive().optional(),
    max_address_login_failures: positive().optional(),
    login_window_s: positive().optional(),
  });
}

function origin() {
  return z.union([
    z.literal('*'),
    z.string().regex(/^https?:\/\/[^/\s]+$/, {
      error: 'an origin such as https://example.org is expected',
    }),
  ]);
}

function network() {
  const error = 'an IP address or a network such as 10.0.0.0/8 is expected';
  return z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], { error });
}
