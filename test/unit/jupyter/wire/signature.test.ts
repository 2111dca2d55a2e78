import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { Signer } from '../../../../src/jupyter/wire/signature.js';

const PARTS = ['{"a":1}', Buffer.from('{}'), '{}', '{"text":"é"}'] as const;

describe('Signer', () => {
  test('signs the four parts as their bytes follow each other, in hex', () => {
    const signature = new Signer('secret').sign(PARTS);

    const expected = createHmac('sha256', 'secret').update('{"a":1}{}{}{"text":"é"}').digest('hex');
    expect(signature).toBe(expected);
  });

  test('without a key the signature is empty and anything is accepted', () => {
    const signer = new Signer('');

    const verify = (): void => {
      signer.verify(Buffer.from('whatever'), PARTS);
      signer.verify(Buffer.from('whatever'), PARTS);
    };

    expect(signer.sign(PARTS)).toBe('');
    expect(verify).not.toThrow();
  });

  test.each(['', 'abc', 'f'.repeat(64), 'é'.repeat(32)])('refuses the signature "%s"', (wrong) => {
    expect(() => {
      new Signer('secret').verify(Buffer.from(wrong), PARTS);
    }).toThrow(expect.objectContaining({ code: 'WIRE_SIGNATURE_BAD' }));
  });

  test('refuses a message that comes again', () => {
    const signer = new Signer('secret');
    const signature = Buffer.from(signer.sign(PARTS));
    signer.verify(signature, PARTS);

    expect(() => {
      signer.verify(signature, PARTS);
    }).toThrow(expect.objectContaining({ code: 'WIRE_SIGNATURE_REPLAYED' }));
  });

  test('still knows a message after thousands of others', () => {
    const signer = new Signer('secret');
    const verify = (text: string): void => {
      const parts = [text, '{}', '{}', '{}'] as const;
      signer.verify(Buffer.from(signer.sign(parts)), parts);
    };
    for (let n = 0; n < 8192; n += 1) verify(`{"n":${n}}`);

    expect(() => {
      verify('{"n":0}');
    }).toThrow(expect.objectContaining({ code: 'WIRE_SIGNATURE_REPLAYED' }));
  });
});
