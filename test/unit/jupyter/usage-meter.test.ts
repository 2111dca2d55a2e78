import { expect, test } from 'vitest';
import { UsageMeter, type UsageReadings } from '../../../src/jupyter/usage-meter.js';

test('percentages are of the time since the question before', () => {
  const readings: UsageReadings[] = [
    reading({ atMs: 1000, processMs: 100, hostBusyMs: 5000, hostTotalMs: 20_000 }),
    reading({ atMs: 3000, processMs: 3100, hostBusyMs: 6000, hostTotalMs: 24_000 }),
    reading({ atMs: 3000, processMs: 3100, hostBusyMs: 6000, hostTotalMs: 24_000 }),
  ];
  const meter = new UsageMeter(() => readings.shift() as UsageReadings);

  const first = meter.measure();
  const second = meter.measure();
  const atOnce = meter.measure();

  expect(first.hostCpuPercent).toBeUndefined();
  expect([second.kernelCpuPercent, second.hostCpuPercent]).toEqual([150, 25]);
  expect([atOnce.kernelCpuPercent, atOnce.hostCpuPercent]).toEqual([0, 0]);
});

function reading(of: Partial<UsageReadings>): UsageReadings {
  return {
    atMs: 0,
    processMs: 0,
    hostBusyMs: 0,
    hostTotalMs: 0,
    processBytes: 1,
    totalBytes: 4,
    availableBytes: 1,
    ...of,
  };
}
