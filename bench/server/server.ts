// The embedded server from the sources, in a process of its own:
// `server.ts <data directory> <python> [<warm copies of each language, 1 as by default>]`.
import path from 'node:path';
import { createRuntimePool } from '../../src/runtimes/index.js';
import { serve } from './serve.js';

const MAX_POOL_SIZE = 200;

const [dataDirectory = '', python = 'python3', warmCount = '1'] = process.argv.slice(2);
const sizes = { warmCount: Number(warmCount), maxPoolSize: MAX_POOL_SIZE };
await serve(
  dataDirectory,
  createRuntimePool({
    r: sizes,
    python: { command: python, ...sizes },
    workRoot: path.join(dataDirectory, 'work'),
    env: process.env,
  }),
);
