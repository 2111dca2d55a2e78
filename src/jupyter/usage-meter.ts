// Measures what this process and its machine use, between one question and the next.
import os from 'node:os';

/** What is read from the system at one moment. */
export interface UsageReadings {
  readonly atMs: number;
  /** Processor time of this process since it began. */
  readonly processMs: number;
  /** Of all processors since the machine began. */
  readonly hostBusyMs: number;
  readonly hostTotalMs: number;
  readonly processBytes: number;
  readonly totalBytes: number;
  readonly availableBytes: number;
}

/** Percentages are of the time since the question before. */
export interface Usage {
  readonly hostname: string;
  readonly pid: number;
  /** May be over 100 with several threads. The first question is about the whole life of the process. */
  readonly kernelCpuPercent: number;
  readonly kernelMemoryBytes: number;
  /** Absent at the first question: there is nothing to compare with. */
  readonly hostCpuPercent?: number;
  readonly cpuCount: number;
  readonly memory: { readonly totalBytes: number; readonly availableBytes: number };
}

/** Answers by comparing readings. */
export class UsageMeter {
  readonly #read: () => UsageReadings;
  #last: UsageReadings | undefined;

  /** @param read - Default: the system's. */
  constructor(read: () => UsageReadings = readSystem) {
    this.#read = read;
  }

  measure(): Usage {
    const now = this.#read();
    const last = this.#last;
    this.#last = now;
    const lifeMs = process.uptime() * 1000;
    const kernelCpuPercent =
      last === undefined
        ? percent(now.processMs, lifeMs)
        : percent(now.processMs - last.processMs, now.atMs - last.atMs);
    return {
      hostname: os.hostname(),
      pid: process.pid,
      kernelCpuPercent,
      kernelMemoryBytes: now.processBytes,
      ...(last !== undefined && {
        hostCpuPercent: percent(
          now.hostBusyMs - last.hostBusyMs,
          now.hostTotalMs - last.hostTotalMs,
        ),
      }),
      cpuCount: os.cpus().length,
      memory: { totalBytes: now.totalBytes, availableBytes: now.availableBytes },
    };
  }
}

function percent(part: number, whole: number): number {
  return whole > 0 ? Math.round((part / whole) * 1000) / 10 : 0;
}

function readSystem(): UsageReadings {
  const { user, system } = process.cpuUsage();
  let hostTotalMs = 0;
  let idleMs = 0;
  for (const { times } of os.cpus()) {
    hostTotalMs += times.user + times.nice + times.sys + times.idle + times.irq;
    idleMs += times.idle;
  }
  return {
    atMs: performance.now(),
    processMs: (user + system) / 1000,
    hostBusyMs: hostTotalMs - idleMs,
    hostTotalMs,
    processBytes: process.memoryUsage.rss(),
    totalBytes: os.totalmem(),
    availableBytes: os.freemem(),
  };
}
