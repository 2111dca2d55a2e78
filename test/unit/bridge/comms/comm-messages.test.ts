import { expect, test } from 'vitest';
import { toAgent, toFrontEnd } from '../../../../src/bridge/comms/comm-messages.js';

test('an opening of the session keeps its target, and its binary parts become bytes', () => {
  const message = toFrontEnd({
    type: 'comm',
    action: 'open',
    comm_id: 'c1',
    target_name: 'jupyter.widget',
    target_module: 'widgets',
    data: { state: { value: 3 } },
    metadata: { version: '2.1.0' },
    buffers: ['AAEC', ''],
  });

  expect(message).toEqual({
    type: 'open',
    commId: 'c1',
    targetName: 'jupyter.widget',
    targetModule: 'widgets',
    data: { state: { value: 3 } },
    metadata: { version: '2.1.0' },
    buffers: [Buffer.from([0, 1, 2]), Buffer.alloc(0)],
  });
});

test.each(['message', 'close'] as const)('a %s of the session has no target', (action) => {
  const message = toFrontEnd({
    type: 'comm',
    action,
    comm_id: 'c1',
    data: { a: 1 },
    metadata: {},
  });

  expect(message).toEqual({ type: action, commId: 'c1', data: { a: 1 }, metadata: {} });
});

test('a message of the front end is sent with the bytes of its views alone', () => {
  const frame = Uint8Array.from([9, 0, 1, 2, 9]);

  const message = toAgent({
    type: 'message',
    commId: 'c1',
    data: { method: 'update' },
    buffers: [frame.subarray(1, 4)],
  });

  expect(message).toEqual({
    type: 'comm',
    action: 'message',
    comm_id: 'c1',
    data: { method: 'update' },
    metadata: {},
    buffers: ['AAEC'],
  });
});

test('an opening of the front end names its target', () => {
  const message = toAgent({
    type: 'open',
    commId: 'c1',
    targetName: 'mine',
    data: {},
    metadata: { version: '1.0.0' },
  });

  expect(message).toEqual({
    type: 'comm',
    action: 'open',
    comm_id: 'c1',
    target_name: 'mine',
    data: {},
    metadata: { version: '1.0.0' },
  });
});
