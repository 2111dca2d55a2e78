// Snapshots that the server still writes after their cell has ended.
import { messageOf, raceAbort } from '../base/index.js';
import type { Display } from '../jupyter/index.js';

/** A snapshot on its way. */
export interface PendingSnapshot {
  readonly name: string;
  /** Gives its id. */
  readonly made: Promise<string>;
  /** Of what its cell shows until then. */
  readonly displayId: string;
}

/** Those of a kernel. */
export class PendingSnapshots {
  readonly #update: (display: Display & { readonly displayId: string }) => void;
  readonly #running = new Set<Promise<void>>();
  /** What nobody has been told of but by the display. */
  readonly #failures: unknown[] = [];

  /** @param update - Changes what a cell has shown, after the cell has ended too. */
  constructor(update: (display: Display & { readonly displayId: string }) => void) {
    this.#update = update;
  }

  /** Takes a snapshot over from its cell. */
  add(pending: PendingSnapshot): void {
    const running = this.#follow(pending).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /**
   * Waits until all are made.
   *
   * @throws Why one could not be made; once.
   * @throws `signal.reason` when it is aborted: they go on.
   */
  async settled(signal: AbortSignal): Promise<void> {
    if (this.#running.size > 0) await raceAbort(Promise.all(this.#running), signal);
    const [failure] = this.#failures.splice(0);
    if (failure !== undefined) throw failure as Error;
  }

  async #follow({ name, made, displayId }: PendingSnapshot): Promise<void> {
    try {
      const id = await made;
      this.#update({ ...snapshotDisplay(`Snapshot "${name}" made: ${id}`), displayId });
    } catch (error) {
      const text = `Snapshot "${name}" could not be made: ${messageOf(error)}`;
      this.#update({ ...snapshotDisplay(text), displayId });
      this.#failures.push(error);
    }
  }
}

/** A line of text that can be changed later. */
export function snapshotDisplay(text: string): Display {
  return { data: { 'text/plain': text }, metadata: {} };
}
