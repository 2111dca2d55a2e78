// The genuine Swagger files of R Server, which are not ours to ship: tests read them where they are at hand, else skip.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Where the files lie, beside the project. */
export const GENUINE_FOLDER = path.resolve(
  import.meta.dirname,
  '../../../shared/reference/swagger',
);

/** Whether a test that reads the files has to be skipped; says so. */
export function areGenuineFilesMissing(): boolean {
  if (existsSync(GENUINE_FOLDER)) return false;
  console.info('skipped: the genuine Swagger files are not at hand (../shared/reference/swagger)');
  return true;
}

/** Swagger 2.0 as far as tests read it. */
export interface GenuineSchema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly items?: GenuineSchema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, GenuineSchema>>;
  readonly additionalProperties?: boolean | GenuineSchema;
}
export interface GenuineParameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: GenuineSchema;
}
export interface GenuineResponse {
  readonly description?: string;
  readonly schema?: GenuineSchema;
}
export interface GenuineOperation {
  readonly operationId: string;
  readonly consumes?: readonly string[];
  readonly parameters?: readonly GenuineParameter[];
  readonly responses: Readonly<Record<string, GenuineResponse>>;
}
export interface GenuineDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, GenuineOperation>>>>;
  readonly definitions: Readonly<Record<string, GenuineSchema>>;
}

/** @param file - Its name in the folder. */
export function readGenuine(file: string): GenuineDocument {
  return JSON.parse(readFileSync(path.join(GENUINE_FOLDER, file), 'utf8')) as GenuineDocument;
}
