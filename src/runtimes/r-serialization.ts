// R's own binary form (serialize(), format 2, little endian) for plain values: what R reads and writes fastest, exact
// to the last bit, and needing no JSON in R. Types as in R: see "R Internals", section 1.8 Serialization Formats.

/** A plain R value: a vector with the few attributes that matter to the server. */
export type RValue =
  | { readonly type: 'null' }
  | RVector<'logical', boolean>
  | RVector<'integer', number>
  | RVector<'double', number>
  | RVector<'character', string>
  | RVector<'integer64', bigint>
  | (RAttributes & { readonly type: 'list'; readonly values: readonly RValue[] });

/** `null` stands for NA. Matrices are stored by columns, as in R. */
interface RVector<Type extends string, Value> extends RAttributes {
  readonly type: Type;
  readonly values: readonly (Value | null)[];
}

interface RAttributes {
  readonly names?: readonly string[];
  readonly dim?: readonly number[];
  readonly rClass?: string;
  /** Number of rows: only written, for data frames. */
  readonly rowCount?: number;
}

// SEXP types and flag bits.
const SYMBOL = 1;
const PAIRLIST = 2;
const STRING = 9;
const LOGICAL = 10;
const INTEGER = 13;
const REAL = 14;
const CHARACTER = 16;
const LIST = 19;
const NIL = 254;
const REFERENCE = 255;
const IS_OBJECT = 1 << 8;
const HAS_ATTRIBUTES = 1 << 9;
const HAS_TAG = 1 << 10;
const UTF8_STRING = STRING | (1 << (12 + 3));

const NA_INTEGER = -0x8000_0000;
/** NA is the NaN whose lower half is 1954. */
const NA_REAL_LOW = 1954;
const NA_REAL_HIGH = 0x7ff0_0000;
const NA_INTEGER64 = -(2n ** 63n);

const TYPE_CODES = {
  logical: LOGICAL,
  integer: INTEGER,
  double: REAL,
  character: CHARACTER,
  list: LIST,
} as const;

/**
 * The bytes of `unserialize()` for a value.
 *
 * @throws {TypeError} When a string holds a NUL character, which R strings cannot.
 */
export function serializeR(value: RValue): Buffer {
  const writer = new Writer();
  writer.bytes(Buffer.from('B\n'));
  writer.int(2);
  writer.int(0x0003_0500);
  writer.int(0x0002_0300);
  writer.value(value);
  return writer.end();
}

/**
 * Reads the bytes of `serialize(value, NULL, xdr = FALSE, version = 2)` of a plain value.
 *
 * @throws {TypeError} When the bytes hold anything but plain vectors and lists.
 */
export function unserializeR(bytes: Buffer): RValue {
  return new Reader(bytes).value();
}

class Writer {
  #buffer = Buffer.allocUnsafe(1024);
  #size = 0;

  end(): Buffer {
    return this.#buffer.subarray(0, this.#size);
  }

  bytes(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#size);
    this.#size += bytes.length;
  }

  int(value: number): void {
    this.#reserve(4);
    this.#size = this.#buffer.writeInt32LE(value, this.#size);
  }

  value(value: RValue): void {
    if (value.type === 'null') {
      this.int(NIL);
      return;
    }
    if (value.type === 'integer64') throw new TypeError('integer64 is only read, never written');
    const attributes = attributesOf(value);
    const flags =
      (attributes.length > 0 ? HAS_ATTRIBUTES : 0) | (value.rClass === undefined ? 0 : IS_OBJECT);
    this.int(TYPE_CODES[value.type] | flags);
    this.int(value.values.length);
    if (value.type === 'list') for (const item of value.values) this.value(item);
    else if (value.type === 'character') for (const item of value.values) this.#string(item);
    else if (value.type === 'double') for (const item of value.values) this.#double(item);
    else for (const item of value.values) this.int(item === null ? NA_INTEGER : Number(item));
    for (const [name, attribute] of attributes) {
      this.int(PAIRLIST | HAS_TAG);
      this.int(SYMBOL);
      this.#string(name);
      this.value(attribute);
    }
    if (attributes.length > 0) this.int(NIL);
  }

  #string(text: string | null): void {
    if (text === null) {
      this.int(STRING);
      this.int(-1);
      return;
    }
    if (text.includes('\0')) throw new TypeError('a string holds a NUL character, which R cannot');
    const size = Buffer.byteLength(text);
    this.int(UTF8_STRING);
    this.int(size);
    this.#reserve(size);
    this.#size += this.#buffer.write(text, this.#size);
  }

  #double(value: number | null): void {
    this.#reserve(8);
    if (value === null) {
      this.#buffer.writeUInt32LE(NA_REAL_LOW, this.#size);
      this.#buffer.writeUInt32LE(NA_REAL_HIGH, this.#size + 4);
    } else {
      this.#buffer.writeDoubleLE(value, this.#size);
    }
    this.#size += 8;
  }

  #reserve(size: number): void {
    if (this.#size + size <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#size + size));
    this.#buffer.copy(larger, 0, 0, this.#size);
    this.#buffer = larger;
  }
}

function attributesOf(value: Exclude<RValue, { type: 'null' }>): [string, RValue][] {
  const attributes: [string, RValue][] = [];
  if (value.names !== undefined)
    attributes.push(['names', { type: 'character', values: value.names }]);
  if (value.dim !== undefined) attributes.push(['dim', { type: 'integer', values: value.dim }]);
  if (value.rClass !== undefined)
    attributes.push(['class', { type: 'character', values: [value.rClass] }]);
  if (value.rowCount !== undefined) {
    attributes.push([
      'row.names',
      { type: 'integer', values: value.rowCount === 0 ? [] : [null, -value.rowCount] },
    ]);
  }
  return attributes;
}

class Reader {
  readonly #bytes: Buffer;
  #at = 14;
  readonly #symbols: string[] = [];

  constructor(bytes: Buffer) {
    if (bytes.toString('latin1', 0, 2) !== 'B\n' || bytes.readInt32LE(2) !== 2) {
      throw new TypeError('no R serialization of format 2 in native order');
    }
    this.#bytes = bytes;
  }

  value(): RValue {
    const flags = this.#int();
    const type = flags & 0xff;
    if (type === NIL) return { type: 'null' };
    const length = this.#int();
    const vector = this.#vector(type, length);
    const attributes = (flags & HAS_ATTRIBUTES) === 0 ? {} : this.#attributes();
    if (vector.type === 'double' && attributes.rClass === 'integer64') {
      return { ...attributes, type: 'integer64', values: this.#integers64(length, vector.start) };
    }
    return { ...attributes, ...vector.value };
  }

  #vector(
    type: number,
    length: number,
  ): { type: string; start: number; value: Exclude<RValue, { type: 'null' }> } {
    const start = this.#at;
    const value = this.#values(type, length);
    return { type: value.type, start, value };
  }

  #values(type: number, length: number): Exclude<RValue, { type: 'null' }> {
    switch (type) {
      case LOGICAL:
        return {
          type: 'logical',
          values: this.#integers(length).map((item) => (item === null ? null : item !== 0)),
        };
      case INTEGER:
        return { type: 'integer', values: this.#integers(length) };
      case REAL:
        return { type: 'double', values: this.#doubles(length) };
      case CHARACTER:
        return { type: 'character', values: Array.from({ length }, () => this.#string()) };
      case LIST:
        return { type: 'list', values: Array.from({ length }, () => this.value()) };
      default:
        throw new TypeError(`R type ${type} is no plain value`);
    }
  }

  #int(): number {
    const value = this.#bytes.readInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  #integers(length: number): (number | null)[] {
    const values = new Array<number | null>(length);
    for (let i = 0; i < length; i += 1) {
      const value = this.#int();
      values[i] = value === NA_INTEGER ? null : value;
    }
    return values;
  }

  #doubles(length: number): (number | null)[] {
    const values = new Array<number | null>(length);
    for (let i = 0; i < length; i += 1, this.#at += 8) {
      const value = this.#bytes.readDoubleLE(this.#at);
      values[i] =
        Number.isNaN(value) && this.#bytes.readUInt32LE(this.#at) === NA_REAL_LOW ? null : value;
    }
    return values;
  }

  #integers64(length: number, start: number): (bigint | null)[] {
    return Array.from({ length }, (_, i) => {
      const value = this.#bytes.readBigInt64LE(start + 8 * i);
      return value === NA_INTEGER64 ? null : value;
    });
  }

  #string(): string | null {
    const type = this.#int() & 0xff;
    if (type !== STRING) throw new TypeError(`R type ${type} in the place of a string`);
    const size = this.#int();
    if (size === -1) return null;
    const text = this.#bytes.toString('utf8', this.#at, this.#at + size);
    this.#at += size;
    return text;
  }

  #attributes(): RAttributes {
    let attributes: RAttributes = {};
    while ((this.#int() & 0xff) === PAIRLIST) {
      const name = this.#symbol();
      const value = this.value();
      if (name === 'names' && value.type === 'character') {
        attributes = { ...attributes, names: value.values.map((item) => item ?? 'NA') };
      } else if (name === 'dim' && value.type === 'integer') {
        attributes = { ...attributes, dim: value.values.map((item) => item ?? 0) };
      } else if (name === 'class' && value.type === 'character') {
        attributes = { ...attributes, rClass: value.values[0] ?? '' };
      }
    }
    return attributes;
  }

  #symbol(): string {
    const flags = this.#int();
    if ((flags & 0xff) === REFERENCE) return this.#symbols[(flags >> 8) - 1] ?? '';
    const name = this.#string() ?? '';
    this.#symbols.push(name);
    return name;
  }
}
