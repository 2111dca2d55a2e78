// One process's way to the embedded server: several parts of it may ask at once, and one start serves them all.
import { raceAbort } from '../base/index.js';
import type { ResolvedConfiguration } from './config.js';
import {
  embeddedOptionsOf,
  embeddedRecordFile,
  ensureEmbeddedServer,
  type EmbeddedOptions,
  type ServerProgram,
} from './embedded-server.js';
import type { Machine } from './machine.js';
import { removeRecord, type ServerRecord } from './server-records.js';

/** Finds or starts embedded servers for configurations. */
export class EmbeddedStarter {
  readonly #machine: Machine;
  readonly #version: string;
  readonly #firstLanguage: EmbeddedOptions['firstLanguage'];
  readonly #program: ServerProgram | undefined;
  /** Starts under way, by the file of the record. */
  readonly #starting = new Map<string, Promise<ServerRecord>>();

  /**
   * @param firstLanguage - Made ready first by a server that has to be started.
   * @param program - How a server is started; default: this program.
   */
  constructor(
    machine: Machine,
    version: string,
    firstLanguage: EmbeddedOptions['firstLanguage'],
    program?: ServerProgram,
  ) {
    this.#machine = machine;
    this.#version = version;
    this.#firstLanguage = firstLanguage;
    this.#program = program;
  }

  /**
   * The running server for a configuration without URL.
   *
   * @throws What `ensureEmbeddedServer` throws, and the reason of `signal`.
   */
  start(configuration: ResolvedConfiguration, signal?: AbortSignal): Promise<ServerRecord> {
    const options = this.#optionsOf(configuration);
    const file = embeddedRecordFile(this.#machine, options);
    let starting = this.#starting.get(file);
    if (starting === undefined) {
      // Not under the signal of the one who asks: the others, and the next cell, want the server too.
      starting = ensureEmbeddedServer(this.#machine, options, this.#program).finally(() =>
        this.#starting.delete(file),
      );
      this.#starting.set(file, starting);
    }
    return signal === undefined ? starting : raceAbort(starting, signal);
  }

  /** Removes the record of a server that turned out not to be there, so that the next `start` makes one. */
  forget(configuration: ResolvedConfiguration, record: ServerRecord): void {
    removeRecord(embeddedRecordFile(this.#machine, this.#optionsOf(configuration)), record.pid);
  }

  #optionsOf(configuration: ResolvedConfiguration): EmbeddedOptions {
    return embeddedOptionsOf(configuration, this.#machine, this.#version, this.#firstLanguage);
  }
}
