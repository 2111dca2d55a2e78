// Lays out a cell as steps: magics and code in order, with the values that go into and come out of the code.
import { BridgeError } from './errors.js';
import type { Language } from './language/languages.js';
import type { CellPlan, Magic, MagicCall, MagicTable } from './magics/magic.js';
import { splitCell, type MagicPart } from './magics/split-cell.js';
import type { ValueUse } from './outputs.js';
import type { NamedValue } from './remote-client.js';

/** Code to run. */
export interface CodeStep {
  readonly kind: 'code';
  readonly code: string;
  /** Lines of the cell before it. */
  readonly line: number;
  /** Ours, only to carry values in or out: no agent, no history. */
  readonly isCarrier: boolean;
  readonly inputs: readonly NamedValue[];
  outputs: readonly string[];
  valueUse: ValueUse;
}

/** A magic to run. */
export interface MagicStep {
  readonly kind: 'magic';
  readonly magic: Magic;
  readonly call: MagicCall;
  /** What becomes of the value of code that it runs. */
  valueUse: ValueUse;
}

/** The help of a magic to show. */
export interface HelpStep {
  readonly kind: 'help';
  readonly magic: Magic;
}

export type CellStep = CodeStep | MagicStep | HelpStep;

/**
 * Plans a cell. Nothing runs yet, so that a mistake in a magic's arguments is found before any code has run.
 *
 * Inputs go with the code that follows them, or are assigned at once when a magic follows or nothing; outputs are
 * fetched with the last code.
 *
 * @param lastValueUse - What becomes of the value of the last code.
 * @throws {BridgeError} `BRIDGE_MAGIC_USAGE`, `BRIDGE_INPUT_VALUE`, `BRIDGE_LOCAL_FILE`.
 */
export async function planCell(
  code: string,
  language: Language,
  magics: MagicTable,
  lastValueUse: ValueUse,
): Promise<readonly CellStep[]> {
  const parts = splitCell(code, language, (name) => magics.find(name) !== undefined);
  const planner = new Planner(language);
  for (const part of parts) {
    if (part.kind === 'code') planner.addCode(part.code, part.line);
    else await planner.addMagic(part, magics);
  }
  return planner.finish(lastValueUse);
}

class Planner {
  readonly #language: Language;
  readonly #steps: CellStep[] = [];
  #inputs: NamedValue[] = [];
  readonly #outputs: string[] = [];

  constructor(language: Language) {
    this.#language = language;
  }

  addCode(code: string, line: number): void {
    if (code.trim() !== '') this.#addCodeStep(code, line, false);
  }

  async addMagic(part: MagicPart, magics: MagicTable): Promise<void> {
    const magic = magics.find(part.name);
    if (magic === undefined) return;
    if (part.isHelp) {
      this.#steps.push({ kind: 'help', magic });
      return;
    }
    requireForm(magic, part.form);
    const { form, argument, body } = part;
    const call: MagicCall = { form, argument, body };
    const plan: CellPlan = {
      addInputs: (values) => {
        this.#inputs.push(...values);
      },
      addOutputs: (names) => {
        this.#outputs.push(...names);
      },
    };
    await magic.prepare?.(call, plan);
    if (magic.run === undefined) return;
    if (this.#inputs.length > 0) this.#addCarrier();
    this.#steps.push({ kind: 'magic', magic, call, valueUse: 'drop' });
  }

  finish(lastValueUse: ValueUse): readonly CellStep[] {
    const lastCode = this.#steps.findLast((step) => step.kind === 'code');
    if (this.#inputs.length > 0 || (this.#outputs.length > 0 && !this.#endsInCode(lastCode))) {
      this.#addCarrier();
    }
    const carrier = this.#steps.findLast((step) => step.kind === 'code');
    if (carrier !== undefined) carrier.outputs = [...new Set(this.#outputs)];
    this.#assignValueUses(lastValueUse);
    return this.#steps;
  }

  /** Whether the last code of the cell is a step of its own, not the code of a magic. */
  #endsInCode(lastCode: CodeStep | undefined): boolean {
    const last = this.#steps.findLast(runsCode);
    return last !== undefined && last === lastCode;
  }

  #assignValueUses(lastValueUse: ValueUse): void {
    const earlier = this.#language.showsEveryValue ? 'show' : 'drop';
    const last = this.#steps.findLast((step) => runsCode(step) && !isCarrier(step));
    for (const step of this.#steps) {
      if (step.kind !== 'help') step.valueUse = step === last ? lastValueUse : earlier;
    }
  }

  #addCarrier(): void {
    this.#addCodeStep(this.#language.emptyCode, 0, true);
  }

  #addCodeStep(code: string, line: number, isCarrier: boolean): void {
    const inputs = this.#inputs;
    this.#inputs = [];
    this.#steps.push({
      kind: 'code',
      code,
      line,
      isCarrier,
      inputs,
      outputs: [],
      valueUse: 'drop',
    });
  }
}

function runsCode(step: CellStep): boolean {
  return step.kind === 'code' || (step.kind === 'magic' && step.magic.runsCode === true);
}

function isCarrier(step: CellStep): boolean {
  return step.kind === 'code' && step.isCarrier;
}

function requireForm({ name, usages }: Magic, form: 'line' | 'cell'): void {
  if (usages.some((usage) => usage.form === form)) return;
  const [wrong, right] = form === 'cell' ? ['%%', '%'] : ['%', '%%'];
  throw new BridgeError('BRIDGE_MAGIC_USAGE', `${wrong}${name} is written ${right}${name}.`);
}
