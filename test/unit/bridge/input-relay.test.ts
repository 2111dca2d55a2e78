import { expect, test } from 'vitest';
import type { InputMessage } from '../../../src/api/index.js';
import { createDeferred } from '../../../src/base/index.js';
import { InputRelay } from '../../../src/bridge/input-relay.js';
import { InputUnavailableError } from '../../../src/jupyter/errors.js';
import type { InputRequester } from '../../../src/jupyter/index.js';

const question = (inputId: string, prompt = '? ', password = false) => ({
  type: 'input_request' as const,
  executionId: 'e',
  inputId,
  prompt,
  password,
});

/** A front end that answers with what `answer` gives, and notes what it was asked. */
function frontEnd(answer: (prompt: string) => Promise<string>): InputRequester & {
  readonly asked: (readonly [string, boolean | undefined])[];
} {
  const asked: (readonly [string, boolean | undefined])[] = [];
  return {
    allowed: true,
    asked,
    requestInput: (prompt, options) => {
      asked.push([prompt, options?.password]);
      return answer(prompt);
    },
  };
}

test('questions go to the front end with their kind, and the answers back', async () => {
  const input = frontEnd((prompt) => Promise.resolve(`answer to ${prompt}`));
  const relay = new InputRelay(input);
  const replies: InputMessage[] = [];

  await relay.take(question('1', 'Name?'), (reply) => replies.push(reply));
  await relay.take(question('2', 'Pin?', true), (reply) => replies.push(reply));

  expect(input.asked).toEqual([
    ['Name?', false],
    ['Pin?', true],
  ]);
  expect(replies).toEqual([
    { type: 'input_taken', inputId: '1' },
    { type: 'input_reply', inputId: '1', value: 'answer to Name?' },
    { type: 'input_taken', inputId: '2' },
    { type: 'input_reply', inputId: '2', value: 'answer to Pin?' },
  ]);
});

test('the key that ends input is the end of input', async () => {
  const relay = new InputRelay(frontEnd(() => Promise.resolve('\u0004')));
  const replies: InputMessage[] = [];

  await relay.take(question('1'), (reply) => replies.push(reply));

  expect(replies.slice(1)).toEqual([{ type: 'input_reply', inputId: '1', value: null }]);
});

test('a question that comes again on a new stream is asked once, and answered there', async () => {
  const answer = createDeferred<string>();
  const input = frontEnd(() => answer.promise);
  const relay = new InputRelay(input);
  const lost: InputMessage[] = [];
  const replies: InputMessage[] = [];

  const first = relay.take(question('1'), (reply) => lost.push(reply));
  const again = relay.take(question('1'), (reply) => replies.push(reply));
  answer.resolve('ann');
  await Promise.all([first, again]);
  await relay.take(question('1'), (reply) => replies.push(reply));

  expect(input.asked).toHaveLength(1);
  expect(replies.flatMap((reply) => ('value' in reply ? reply.value : []))).toEqual(['ann', 'ann']);
});

test('a front end that gives no answer is told with its words', async () => {
  const relay = new InputRelay(
    frontEnd(() =>
      Promise.reject(new InputUnavailableError('No answer came.', { hint: 'Ask somebody else.' })),
    ),
  );
  const replies: InputMessage[] = [];

  await relay.take(question('1'), (reply) => replies.push(reply));

  expect(replies.slice(1)).toEqual([
    { type: 'input_reply', inputId: '1', error: 'No answer came. Ask somebody else.' },
  ]);
});

test('nothing is answered for a cell that was interrupted', async () => {
  const relay = new InputRelay(
    frontEnd(() => Promise.reject(new DOMException('interrupted', 'AbortError'))),
  );
  const replies: InputMessage[] = [];

  await relay.take(question('1'), (reply) => replies.push(reply));

  expect(replies).toEqual([{ type: 'input_taken', inputId: '1' }]);
});
