// What one language process may use. The kernel keeps these limits; here is how they are set and what is said when one is hit.
import type { RuntimeExit, RuntimeType } from '../runtime.js';

/** Bounds of one process and of each of its child programs; absent or `Infinity`: no limit. */
export interface ProcessLimits {
  /** Memory that it can write to. */
  readonly memoryBytes?: number;
  /** Processor time, all together. */
  readonly cpuMs?: number;
  /** Size of a file that it writes. */
  readonly fileBytes?: number;
  /** Processes and threads of a session; only where each has an OS user of its own. */
  readonly processCount?: number;
}

/** Code may tidy up for so long after the signal that says its processor time is over. */
const CPU_GRACE_S = 5;
const MEGABYTE = 1024 ** 2;

/** Arguments for `prlimit`; none when there is no limit. */
export function prlimitArguments(limits: ProcessLimits, hasOwnUser: boolean): string[] {
  const { memoryBytes, cpuMs, fileBytes, processCount } = limits;
  const args: string[] = [];
  const cpuS = isLimit(cpuMs) ? Math.max(1, Math.ceil(cpuMs / 1000)) : undefined;
  // Not the address space: libraries reserve much more of that than they ever use.
  if (isLimit(memoryBytes)) args.push(`--data=${Math.floor(memoryBytes)}`);
  if (cpuS !== undefined) args.push(`--cpu=${cpuS}:${cpuS + CPU_GRACE_S}`);
  if (isLimit(fileBytes)) args.push(`--fsize=${Math.floor(fileBytes)}`);
  if (isLimit(processCount) && hasOwnUser) args.push(`--nproc=${Math.floor(processCount)}`);
  return args;
}

/** A sentence on the limit that ended a process; undefined when none did. */
export function describeLimit(
  { signal }: Pick<RuntimeExit, 'signal'>,
  { memoryBytes, cpuMs, fileBytes }: ProcessLimits,
): string | undefined {
  if (signal === 'SIGXCPU' && isLimit(cpuMs)) {
    return `It had used the ${cpuMs / 1000} s of processor time that the server allows.`;
  }
  if (signal === 'SIGXFSZ' && isLimit(fileBytes)) {
    return `It wrote a file larger than the ${inMegabytes(fileBytes)} MB that the server allows.`;
  }
  const isCrash = signal === 'SIGSEGV' || signal === 'SIGABRT' || signal === 'SIGBUS';
  if (isCrash && isLimit(memoryBytes)) {
    return `The server allows it ${inMegabytes(memoryBytes)} MB of memory; that may be the reason.`;
  }
  return undefined;
}

/** The message of a failed run, with the limit named where the program says that it had too little memory. */
export function withMemoryLimit(
  message: string,
  runtimeType: RuntimeType,
  { memoryBytes }: ProcessLimits,
): string {
  if (!isLimit(memoryBytes) || !OUT_OF_MEMORY[runtimeType].test(message)) return message;
  return `${message.trimEnd()}\nThe server allows a session ${inMegabytes(memoryBytes)} MB of memory.`;
}

const OUT_OF_MEMORY: Readonly<Record<RuntimeType, RegExp>> = {
  R: /cannot allocate (vector|memory)|memory exhausted|could not allocate memory/i,
  Python: /MemoryError|Unable to allocate|Cannot allocate memory/,
};

const isLimit = (limit: number | undefined): limit is number =>
  limit !== undefined && Number.isFinite(limit);

const inMegabytes = (bytes: number): number => Math.round(bytes / MEGABYTE);
