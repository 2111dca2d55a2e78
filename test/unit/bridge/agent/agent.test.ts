// What counts as a message of the agent.
import { describe, expect, test } from 'vitest';
import { parseAgentMessage, parseAgentMessages } from '../../../../src/bridge/agent/agent.js';

describe('parseAgentMessage', () => {
  test.each([
    { type: 'display', data: { 'text/plain': 'x' }, metadata: {} },
    { type: 'display', data: {}, metadata: {}, display_id: 'a', update: true },
    { type: 'result', data: { 'text/plain': '[1] 2' }, metadata: {} },
    { type: 'stream', name: 'stderr', text: 'oh' },
    { type: 'clear', wait: true },
    { type: 'error', ename: 'Error', evalue: 'x', traceback: ['a', 'b'] },
    { type: 'done', status: 'ok', user_expressions: {}, payload: [] },
    {
      type: 'done',
      status: 'ok',
      user_expressions: {
        a: { status: 'ok', data: { 'text/plain': '1' }, metadata: {} },
        b: { status: 'error', ename: 'Error', evalue: 'x', traceback: [] },
      },
      payload: [{ source: 'page' }],
    },
    { type: 'reply', content: { found: false } },
  ])('a well-formed message comes back as it is: %j', (message) => {
    expect(parseAgentMessage(JSON.stringify(message))).toEqual(message);
  });

  test.each([
    'no json',
    '',
    'null',
    '[]',
    '"text"',
    '{}',
    '{"type":"unknown"}',
    '{"type":"display","data":{}}',
    '{"type":"display","data":[],"metadata":{}}',
    '{"type":"display","data":{},"metadata":{},"display_id":1}',
    '{"type":"display","data":{},"metadata":{},"update":"yes"}',
    '{"type":"result","data":{},"metadata":null}',
    '{"type":"stream","name":"stdin","text":""}',
    '{"type":"stream","name":"stdout"}',
    '{"type":"clear"}',
    '{"type":"error","ename":"E","evalue":"x","traceback":"line"}',
    '{"type":"error","ename":"E","evalue":"x","traceback":[1]}',
    '{"type":"done","status":"fine","user_expressions":{},"payload":[]}',
    '{"type":"done","status":"ok","user_expressions":{"a":{"status":"ok"}},"payload":[]}',
    '{"type":"done","status":"ok","user_expressions":{},"payload":["x"]}',
    '{"type":"reply"}',
  ])('anything else is none: %s', (text) => {
    expect(parseAgentMessage(text)).toBeUndefined();
  });
});

test('several messages come in one piece, one to a line', () => {
  const done = { type: 'done', status: 'ok', user_expressions: {}, payload: [] };
  const clear = { type: 'clear', wait: true };

  const messages = parseAgentMessages(
    `${JSON.stringify(clear)}\nnonsense\n${JSON.stringify(done)}`,
  );

  expect(messages).toEqual([clear, undefined, done]);
});
