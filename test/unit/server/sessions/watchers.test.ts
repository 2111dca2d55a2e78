import { expect, test } from 'vitest';
import { Watchers, type Watcher } from '../../../../src/server/sessions/watchers.js';

class FakeWatcher implements Watcher {
  readonly frames: string[] = [];
  wait: Promise<void> | undefined;
  isClosed = false;

  send(frame: string): void | Promise<void> {
    this.frames.push(frame);
    return this.wait;
  }

  flush(): void {
    this.frames.push('flush');
  }

  close(): void {
    this.isClosed = true;
  }
}

const event = { type: 'data', executionId: 'e1', data: 'é' } as const;

test('every watcher gets every event, as one JSON frame', () => {
  const watchers = new Watchers();
  const [first, second] = [new FakeWatcher(), new FakeWatcher()];
  watchers.add(first);
  watchers.add(second);

  expect(watchers.send(event)).toBeUndefined();
  watchers.remove(second);
  void watchers.send(event);
  watchers.flush();

  const frame = '{"type":"data","executionId":"e1","data":"é"}';
  expect(first.frames).toEqual([frame, frame, 'flush']);
  expect(second.frames).toEqual([frame]);
});

test('sending waits for the slowest watcher', async () => {
  const watchers = new Watchers();
  const [quick, slow] = [new FakeWatcher(), new FakeWatcher()];
  let letGo!: () => void;
  slow.wait = new Promise((resolve) => {
    letGo = resolve;
  });
  watchers.add(quick);
  watchers.add(slow);
  let isSent = false;

  const sent = Promise.resolve(watchers.send(event)).then(() => {
    isSent = true;
  });
  await Promise.resolve();
  expect(isSent).toBe(false);
  letGo();
  await sent;
  expect(isSent).toBe(true);
});

test('closing closes all of them and forgets them', () => {
  const watchers = new Watchers();
  const watcher = new FakeWatcher();
  watchers.add(watcher);

  watchers.close();

  expect(watcher.isClosed).toBe(true);
  expect(watchers.count).toBe(0);
});
