import { describe, expect, test } from 'vitest';
import { createHeaderWriter } from '../../../../src/jupyter/protocol/header.js';

describe('createHeaderWriter', () => {
  const write = createHeaderWriter({
    session: '0b54',
    username: 'Ö "quoted"',
    now: () => new Date('2024-05-06T07:08:09.123Z'),
  });

  test('writes every field of the protocol, with a date in UTC', () => {
    const { json } = write('status');

    expect(JSON.parse(json)).toEqual({
      msg_id: '0b54_1',
      msg_type: 'status',
      session: '0b54',
      username: 'Ö "quoted"',
      version: '5.5',
      date: '2024-05-06T07:08:09.123Z',
    });
  });

  test('gives each message an id of its own', () => {
    const ids = [write('stream').messageId, write('stream').messageId];

    expect(ids).toEqual(['0b54_2', '0b54_3']);
  });
});
