// Between the text that a person types for an input and the JSON value that the service takes.

/** One input, as the service's Swagger file has it. */
export interface Input {
  readonly name: string;
  /** JSON type; undefined where any value goes. */
  readonly type: string | undefined;
  /** The type as it was published, e.g. `data.frame`. */
  readonly declared: string;
}

/** The inputs in a Swagger file of a service. */
export function inputsOf(swagger: unknown): readonly Input[] {
  const properties = at(swagger, 'definitions', 'InputParameters', 'properties');
  return Object.entries((properties ?? {}) as Record<string, unknown>).map(([name, schema]) => {
    const type = at(schema, 'type');
    const declared = at(schema, 'description');
    return {
      name,
      type: typeof type === 'string' ? type : undefined,
      declared: typeof declared === 'string' ? declared : '',
    };
  });
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let inner = value;
  for (const key of path) {
    if (typeof inner !== 'object' || inner === null) return undefined;
    inner = (inner as Record<string, unknown>)[key];
  }
  return inner;
}

/**
 * The value of a text; undefined leaves the input out, so that its default holds.
 *
 * @throws Error that says what was expected.
 */
export function valueOf({ name, type }: Input, text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  switch (type) {
    case 'boolean':
      return booleanOf(name, trimmed);
    case 'number':
    case 'integer':
      return numberOf(name, trimmed, type === 'integer');
    case 'string':
      return text;
    case 'array':
      return jsonOf(name, trimmed.startsWith('[') ? trimmed : `[${trimmed}]`, 'a list: 1, 2, 3');
    case 'object':
      return jsonOf(name, trimmed, 'columns as JSON: {"a": [1, 2]}');
    case undefined:
    default:
      return jsonOrText(trimmed);
  }
}

function booleanOf(name: string, text: string): boolean {
  if (/^(true|t|1|yes)$/i.test(text)) return true;
  if (/^(false|f|0|no)$/i.test(text)) return false;
  throw new Error(`${name} must be true or false.`);
}

/** Infinities and what is no number travel as words. */
function numberOf(name: string, text: string, isWhole: boolean): number | string {
  if (!isWhole && /^(NaN|-?Inf)$/.test(text)) return text;
  const number = Number(text);
  if (!Number.isFinite(number) || (isWhole && !Number.isInteger(number))) {
    throw new Error(`${name} must be a ${isWhole ? 'whole ' : ''}number.`);
  }
  return number;
}

function jsonOf(name: string, text: string, expected: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${name} must be ${expected}.`);
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/**
 * The items of a batch, pasted as a JSON list of objects or as CSV whose first line names the inputs.
 *
 * @throws Error that names the line or what is missing.
 */
export function batchItemsOf(inputs: readonly Input[], text: string): Record<string, unknown>[] {
  const trimmed = text.trim();
  if (trimmed === '') throw new Error('Paste the inputs first.');
  if (trimmed.startsWith('[') || trimmed.startsWith('{')) return jsonItems(trimmed);
  const [head = [], ...rows] = csvRows(trimmed);
  if (rows.length === 0)
    throw new Error('The CSV has a first line only; each further one is a call.');
  const byName = new Map(inputs.map((input) => [input.name, input]));
  return rows.map((cells, index) => {
    if (cells.length !== head.length) {
      throw new Error(
        `Row ${index + 1} has ${cells.length} cells, and the first line ${head.length}.`,
      );
    }
    return Object.fromEntries(
      head.flatMap((title, column) => {
        const input = byName.get(title) ?? { name: title, type: undefined, declared: '' };
        const value = valueOf(input, cells[column] ?? '');
        return value === undefined ? [] : [[title, value]];
      }),
    );
  });
}

function jsonItems(text: string): Record<string, unknown>[] {
  let items: unknown;
  try {
    items = JSON.parse(text);
  } catch {
    throw new Error('This is not JSON. Each call is an object in a list: [{"x": 1}, {"x": 2}].');
  }
  const list: unknown[] = Array.isArray(items) ? items : [items];
  const isObject = (item: unknown): boolean =>
    typeof item === 'object' && item !== null && !Array.isArray(item);
  if (list.length === 0 || !list.every(isObject)) {
    throw new Error('Each call is an object in a list: [{"x": 1}, {"x": 2}].');
  }
  return list as Record<string, unknown>[];
}

/** RFC 4180: quoted cells may hold commas, quotes (doubled) and line ends. */
function csvRows(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = '', end] of text.matchAll(
    /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r?\n|$)/g,
  )) {
    const row = rows.at(-1) ?? [];
    row.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
    if (end === '') break;
    if (end !== ',') rows.push([]);
  }
  return rows.filter((row) => row.length > 1 || row[0] !== '');
}

/** A line for a POSIX shell that makes the same call; the token is in `$TOKEN`. */
export function curlLine(url: string, body: unknown): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
  return [
    `curl -X POST ${quoted(url)}`,
    `-H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json'`,
    `-d ${quoted(JSON.stringify(body))}`,
  ].join(' \\\n  ');
}
