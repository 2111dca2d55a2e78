// Lines by which other programs call a service: the address is the real one, the token a place to put one.
import type { ParameterDefinition } from '../../api/index.js';
import { pythonLiteral } from '../agent/python-literal.js';
import { rString } from '../agent/r-agent.js';

/** A service and where it is. */
export interface ServicePlace {
  /** Of the server. */
  readonly url: string;
  readonly name: string;
  readonly version: string;
}

/** Lines to copy, by the language they are in. */
export interface CallLines {
  readonly curl: string;
  readonly python: string;
  readonly r: string;
}

const TOKEN = '<access token>';

/** The address to call. */
export function callUrl({ url, name, version }: ServicePlace): string {
  const [service, edition] = [name, version].map(encodeURIComponent);
  return `${url.replace(/\/$/, '')}/api/${service ?? ''}/${edition ?? ''}`;
}

/** The address of the Swagger file. */
export function swaggerUrl(place: ServicePlace): string {
  return `${callUrl(place)}/swagger.json`;
}

/**
 * How to call a service from outside the notebook. The token comes from `POST /login`.
 *
 * @param inputs - Values to call it with, see {@link sampleInputs}.
 */
export function callLines(
  place: ServicePlace,
  inputs: Readonly<Record<string, unknown>>,
): CallLines {
  const url = callUrl(place);
  const body = JSON.stringify(inputs);
  return {
    curl: [
      `curl -X POST ${shellQuoted(url)}`,
      `-H 'Authorization: Bearer ${TOKEN}'`,
      "-H 'Content-Type: application/json'",
      `-d ${shellQuoted(body)}`,
    ].join(' \\\n  '),
    python: [
      'import requests',
      `answer = requests.post(${pythonLiteral(url)},`,
      `    headers={"Authorization": "Bearer ${TOKEN}"},`,
      `    json=${pythonValue(inputs)})`,
      'print(answer.json()["outputParameters"])',
    ].join('\n'),
    r: [
      `answer <- httr::POST(${rString(url)},`,
      `  httr::add_headers(Authorization = "Bearer ${TOKEN}"), httr::content_type_json(),`,
      `  body = ${rQuoted(body)})`,
      'print(httr::content(answer)$outputParameters)',
    ].join('\n'),
  };
}

/** Values that fit the inputs of a service: those given, else the simplest of each type. */
export function sampleInputs(
  definitions: readonly ParameterDefinition[],
  given: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    definitions.map(({ name, type }) => [
      name,
      Object.hasOwn(given, name) ? given[name] : SAMPLES[type],
    ]),
  );
}

const SAMPLES: Readonly<Record<string, unknown>> = {
  logical: true,
  numeric: 1,
  integer: 1,
  character: 'text',
  vector: [1, 2],
  matrix: [
    [1, 2],
    [3, 4],
  ],
  'data.frame': { column: [1, 2] },
};

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** JSON as Python writes it. */
function pythonValue(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return pythonLiteral(value);
  if (Array.isArray(value)) return `[${value.map(pythonValue).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  const items = Object.entries(value).map(
    ([name, item]) => `${pythonLiteral(name)}: ${pythonValue(item)}`,
  );
  return `{${items.join(', ')}}`;
}

/** In single quotes where that needs no escapes: JSON is full of double ones. */
function rQuoted(text: string): string {
  return /^[ -&(-[\]-~]*$/.test(text) ? `'${text}'` : rString(text);
}
