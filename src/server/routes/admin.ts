// The admin page: a few fixed files under `/`. What it shows comes from the API, with the token of whoever logs in.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FastifyInstance } from 'fastify';
import { assetPath } from '../../base/index.js';
import { ApiError } from '../errors.js';

/** The build puts the page's script beside its other files. */
const BUILT_PAGE = assetPath(import.meta.url, '../admin');

const FILES = {
  '/': { name: 'index.html', type: 'text/html; charset=utf-8' },
  '/admin/page.js': { name: 'page.js', type: 'text/javascript; charset=utf-8' },
  '/admin/page.css': { name: 'page.css', type: 'text/css; charset=utf-8' },
  '/admin/icon.svg': { name: 'icon.svg', type: 'image/svg+xml' },
} as const;

/** The page loads from its own server only, has no script in its HTML, and makes no HTML of text. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

const HEADERS = {
  'cache-control': 'no-cache',
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/** @param directory - Holds the files of the page; default the built one. */
export function addAdminRoutes(app: FastifyInstance, directory = BUILT_PAGE): void {
  for (const [url, { name, type }] of Object.entries(FILES)) {
    let file: Promise<PageFile> | undefined;
    app.get(url, async (request, reply) => {
      file ??= readPageFile(path.join(directory, name));
      const { content, tag } = await file;
      reply.headers(HEADERS).header('etag', tag);
      if (request.headers['if-none-match'] === tag) return reply.code(304).send();
      return reply.type(type).send(content);
    });
  }
}

interface PageFile {
  readonly content: Buffer;
  readonly tag: string;
}

async function readPageFile(file: string): Promise<PageFile> {
  try {
    const content = await readFile(file);
    const digest = createHash('sha256').update(content).digest('base64url');
    return { content, tag: `"${digest}"` };
  } catch (cause) {
    // Started from its sources, without a build.
    throw new ApiError('API_ROUTE_NOT_FOUND', 'The admin page is not built.', { cause });
  }
}
