// usage: what the kernel and its machine use, for jupyter-resource-usage. Not in the protocol's document.
import type { Usage } from '../usage-meter.js';

/** Fields as ipykernel 7 answers them; memory in bytes, processor time in percent of one processor. */
export function usageReply(usage: Usage): object {
  const { hostCpuPercent, memory } = usage;
  return {
    hostname: usage.hostname,
    pid: usage.pid,
    kernel_cpu: usage.kernelCpuPercent,
    kernel_memory: usage.kernelMemoryBytes,
    ...(hostCpuPercent !== undefined && { host_cpu_percent: hostCpuPercent }),
    cpu_count: usage.cpuCount,
    host_virtual_memory: {
      total: memory.totalBytes,
      available: memory.availableBytes,
      used: memory.totalBytes - memory.availableBytes,
      free: memory.availableBytes,
      percent: toTenths((1 - memory.availableBytes / memory.totalBytes) * 100),
    },
  };
}

function toTenths(value: number): number {
  return Math.round(value * 10) / 10;
}
