// Notes what a cell shows on its way to the front end, so that it can be shown again.
import type { CommMessage, Display, ExecuteOutput, ExecuteResult } from '../../jupyter/index.js';
import type { CellRecord } from './cell-record.js';
import type { CellRecords } from './cell-records.js';

/** Hands outputs on, and keeps them as the front end shows them. */
export class RecordingOutput implements ExecuteOutput {
  readonly requestId: string;
  readonly #output: ExecuteOutput;
  readonly #records: CellRecords;
  readonly #record: CellRecord;
  /** The next output takes the place of all before it. */
  #isClearing = false;
  /** The last text ended within a line of this stream. */
  #openLine: 'stdout' | 'stderr' | undefined;

  constructor(output: ExecuteOutput, records: CellRecords, executionCount: number) {
    this.requestId = output.requestId;
    this.#output = output;
    this.#records = records;
    this.#record = records.begin(executionCount, output.requestId);
  }

  stream(name: 'stdout' | 'stderr', text: string): void {
    if (text === '') return;
    this.#clearWhenDue();
    this.#record.stream(name, text);
    this.#openLine = text.endsWith('\n') ? undefined : name;
    this.#output.stream(name, text);
  }

  display(display: Display): void {
    this.#clearWhenDue();
    this.#record.display(display);
    this.#openLine = undefined;
    this.#output.display(display);
  }

  updateDisplay(display: Display & { readonly displayId: string }): void {
    this.#records.update(display);
    this.#output.updateDisplay(display);
  }

  result(display: Display): void {
    this.#clearWhenDue();
    this.#record.display(display);
    this.#openLine = undefined;
    this.#output.result(display);
  }

  clear(wait: boolean): void {
    this.#isClearing = wait;
    if (!wait) this.#clearRecord();
    this.#output.clear(wait);
  }

  comm(message: CommMessage): void {
    this.#output.comm(message);
  }

  taken(): Promise<void> | undefined {
    return this.#output.taken();
  }

  /** The cell is over. An error is kept as text: the cell that shows it again has not failed. */
  end(result: ExecuteResult | undefined): void {
    if (result?.status === 'error') {
      this.#clearWhenDue();
      const lineEnd = this.#openLine === 'stderr' ? '\n' : '';
      this.#record.stream('stderr', `${lineEnd}${result.traceback.join('\n')}\n`);
    }
    this.#record.end();
  }

  #clearWhenDue(): void {
    if (!this.#isClearing) return;
    this.#isClearing = false;
    this.#clearRecord();
  }

  #clearRecord(): void {
    this.#openLine = undefined;
    this.#record.clear();
  }
}
