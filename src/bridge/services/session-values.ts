// Values between the session and a web service: variables as inputs, outputs as variables, and the types of both.
import { BridgeError } from '../errors.js';
import type { RunResult } from '../live-session.js';
import type { MagicContext } from '../magics/magic.js';
import type { NamedValue } from '../remote-client.js';
import type { RunSink } from '../run-receiver.js';
import type { ServiceInput } from './arguments.js';

/** How long the session may take to look at its variables. */
const TYPES_BOUND_MS = 10_000;

/** A name that nobody else has. */
const COPY = '.rserver_kernel_copy';

const UNHEARD: RunSink = { text: () => undefined, message: () => undefined };

/** The type of a variable as a service has it, empty where it cannot; and its class in the session. */
export interface VariableType {
  readonly type: string;
  readonly class: string;
}

/** The types of variables, without those that do not exist; `undefined` where the session cannot be asked. */
export async function variableTypes(
  names: readonly string[],
  { session, cell }: MagicContext,
): Promise<Readonly<Record<string, VariableType>> | undefined> {
  const live = await session.ready(cell);
  const reply = await live.query((agent) => agent.typesCode(names), TYPES_BOUND_MS);
  return reply?.['types'] as Readonly<Record<string, VariableType>> | undefined;
}

/**
 * Variables as data; in R also what packages have, such as `mtcars`.
 *
 * @throws {BridgeError} `BRIDGE_OBJECT_NOT_FOUND`, `BRIDGE_OUTPUT_UNSUPPORTED`.
 */
export async function readVariables(
  names: readonly string[],
  context: MagicContext,
): Promise<ReadonlyMap<string, unknown>> {
  const { session, cell, signal } = context;
  const { client, id } = await session.ready(cell);
  const present = new Set(await client.workspace.list(id, { signal }));
  const found = await readWorkspace(
    names.filter((name) => present.has(name)),
    context,
  );
  for (const name of names.filter((other) => !present.has(other))) {
    found.set(name, await readFromPackages(name, context));
  }
  return found;
}

async function readWorkspace(
  names: readonly string[],
  context: MagicContext,
): Promise<Map<string, unknown>> {
  if (names.length === 0) return new Map();
  const { emptyCode } = context.language;
  const { success, errorMessage, outputParameters } = await runUnseen(
    emptyCode,
    [],
    names,
    context,
  );
  const found = new Map(outputParameters.map(({ name, value }) => [name, value]));
  if (success && names.every((name) => found.has(name))) return found;
  throw new BridgeError('BRIDGE_OUTPUT_UNSUPPORTED', `${names.join(', ')}: ${errorMessage.trim()}`);
}

/** Outputs are variables of the workspace: what is elsewhere becomes one for a moment. */
async function readFromPackages(name: string, context: MagicContext): Promise<unknown> {
  if (context.language.name === 'R') {
    const code = `base::stopifnot(!base::is.function(${name})); ${COPY} <- ${name}`;
    const { success, outputParameters } = await runUnseen(code, [], [COPY], context);
    await runUnseen(`base::suppressWarnings(base::rm(${COPY}))`, [], [], context);
    const [output] = outputParameters;
    if (success && output !== undefined) return output.value;
  }
  throw new BridgeError('BRIDGE_OBJECT_NOT_FOUND', `The session has no variable "${name}".`);
}
/** The inputs with the values of variables filled in. Throws as {@link readVariables} does. */
export async function resolveInputs(
  inputs: readonly ServiceInput[],
  context: MagicContext,
): Promise<readonly (NamedValue & { readonly isVariable: boolean })[]> {
  const names = inputs.flatMap((input) => ('variable' in input ? [input.variable] : []));
  const values = names.length === 0 ? undefined : await readVariables([...new Set(names)], context);
  return inputs.map((input) =>
    'variable' in input
      ? { name: input.name, value: values?.get(input.variable), isVariable: true }
      : { ...input, isVariable: false },
  );
}

/** Puts a value into the session; a table becomes a data frame where the session has those. */
export async function assignVariable(
  name: string,
  value: unknown,
  isTable: boolean,
  context: MagicContext,
): Promise<void> {
  const isPythonTable = isTable && context.language.name === 'python';
  const code = isPythonTable ? asDataFrame(name) : context.language.emptyCode;
  await runUnseen(code, [{ name, value }], [], context, 'assign');
}

/** Runs code of ours: without the helper, and in no history. */
export async function runUnseen(
  code: string,
  inputParameters: readonly NamedValue[],
  outputParameters: readonly string[],
  context: MagicContext,
  purpose?: string,
): Promise<RunResult> {
  const { session, cell, signal } = context;
  const live = await session.ready(cell);
  const { settings } = session.configuration;
  const request = { code, source: '', inputParameters, outputParameters, agentOptions: undefined };
  const result = await live.run(request, UNHEARD, signal, settings);
  if (!result.success) signal.throwIfAborted();
  if (!result.success && purpose !== undefined) {
    const names = inputParameters.map(({ name }) => name).join(', ');
    const what = names === '' ? purpose : `${purpose} ${names}`;
    throw new BridgeError('BRIDGE_OUTPUT_UNSUPPORTED', `${what}: ${result.errorMessage.trim()}`);
  }
  return result;
}

/** Leaves no name behind but the variable's own. */
function asDataFrame(name: string): string {
  return `${name} = (lambda value: __import__("pandas").DataFrame(value) if __import__("importlib.util").util.find_spec("pandas") else value)(${name})`;
}
