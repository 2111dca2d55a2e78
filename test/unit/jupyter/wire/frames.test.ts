import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WireError } from '../../../../src/jupyter/errors.js';
import { decodeMessage, encodeJson, encodeMessage } from '../../../../src/jupyter/wire/frames.js';
import { Signer } from '../../../../src/jupyter/wire/signature.js';

const HEADER = '{"msg_id":"m1","msg_type":"execute_request"}';

const unsigned = new Signer('');

function frames(...parts: string[]): Buffer[] {
  return parts.map((part) => Buffer.from(part));
}

describe('decodeMessage', () => {
  test('takes a message apart', () => {
    const message = decodeMessage(
      frames('id1', 'id2', '<IDS|MSG>', '', HEADER, '{"msg_id":"p"}', '{"m":1}', '{"c":2}', 'b'),
      unsigned,
    );

    expect(message).toEqual({
      identities: frames('id1', 'id2'),
      header: { msg_id: 'm1', msg_type: 'execute_request' },
      rawHeader: Buffer.from(HEADER),
      parentHeader: { msg_id: 'p' },
      metadata: { m: 1 },
      content: { c: 2 },
      buffers: frames('b'),
    });
  });

  test('keeps buffers as views of the frames', () => {
    const buffer = Buffer.from('bytes');
    const input = [...frames('<IDS|MSG>', '', HEADER, '{}', '{}', '{}'), buffer];

    const { buffers } = decodeMessage(input, unsigned);

    expect(buffers[0]).toBe(buffer);
  });

  test.each([
    ['WIRE_DELIMITER_MISSING', frames('a', 'b')],
    ['WIRE_DELIMITER_MISSING', []],
    ['WIRE_FRAMES_MISSING', frames('<IDS|MSG>', '', HEADER, '{}', '{}')],
    ['WIRE_JSON_BAD', frames('<IDS|MSG>', '', HEADER, '{}', '{}', '{"x":NaN}')],
    ['WIRE_JSON_BAD', frames('<IDS|MSG>', '', HEADER, '{}', '[]', '{}')],
    ['WIRE_JSON_BAD', frames('<IDS|MSG>', '', HEADER, 'null', '{}', '{}')],
    [
      'WIRE_JSON_BAD',
      [...frames('<IDS|MSG>', '', HEADER, '{}', '{}'), Buffer.from([0x7b, 0xff, 0x7d])],
    ],
    ['WIRE_HEADER_BAD', frames('<IDS|MSG>', '', '{"msg_id":"m1"}', '{}', '{}', '{}')],
    ['WIRE_HEADER_BAD', frames('<IDS|MSG>', '', '{"msg_type":"x"}', '{}', '{}', '{}')],
  ])('refuses with %s', (code, input) => {
    expect(() => decodeMessage(input, unsigned)).toThrow(expect.objectContaining({ code }));
  });

  test('checks the signature before it reads any JSON', () => {
    const input = frames('<IDS|MSG>', 'f'.repeat(64), 'no json', 'no json', 'no json', 'no json');

    expect(() => decodeMessage(input, new Signer('key'))).toThrow(
      expect.objectContaining({ code: 'WIRE_SIGNATURE_BAD' }),
    );
  });

  test('whatever frames come, the only error is a WireError', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((json) => Buffer.from(json)),
      fc.constantFrom('<IDS|MSG>', '', '{}', HEADER).map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), (input) => {
        try {
          decodeMessage(input, unsigned);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('encodeMessage', () => {
  const message = {
    header: HEADER,
    parentHeader: Buffer.from('{"msg_id":"p"}'),
    metadata: {},
    content: { text: 'é😀' },
  };

  test('what is encoded is decoded to the same', () => {
    const encoded = encodeMessage([Buffer.from('id')], message, new Signer('key'));

    const decoded = decodeMessage(
      encoded.map((frame) => Buffer.from(frame)),
      new Signer('key'),
    );

    expect(decoded).toMatchObject({
      identities: [Buffer.from('id')],
      header: { msg_id: 'm1' },
      parentHeader: { msg_id: 'p' },
      content: { text: 'é😀' },
      buffers: [],
    });
  });

  test('puts buffers at the end', () => {
    const encoded = encodeMessage([], { ...message, buffers: frames('one', 'two') }, unsigned);

    expect(encoded.slice(-2)).toEqual(frames('one', 'two'));
  });
});

describe('encodeJson', () => {
  test('writes null for numbers that JSON does not have', () => {
    expect(encodeJson({ a: NaN, b: [Infinity] })).toBe('{"a":null,"b":[null]}');
  });

  test('writes a replacement for half a character', () => {
    expect(encodeJson({ a: 'x\ud83d', b: '\ude00y', c: '😀' })).toBe(
      '{"a":"x\ufffd","b":"\ufffdy","c":"😀"}',
    );
  });

  test('leaves text alone that only looks like an escape', () => {
    const value = { a: '\\ud83d', b: '\\\\ud83d', c: '\\\ud83d' };

    expect(JSON.parse(encodeJson(value))).toEqual({ a: '\\ud83d', b: '\\\\ud83d', c: '\\\ufffd' });
  });
});
