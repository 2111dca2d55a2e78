// Comms between the front end and the objects of the session: what the front end sends goes to the session as an
// execution in its turn; what the session sends comes among the outputs of whatever runs there.
import type { CommHost, CommMessage, ExecuteOutput, JsonObject } from '../../jupyter/index.js';
import type { Agent } from '../agent/agent.js';
import type { LiveSession } from '../live-session.js';
import { createRunSink } from '../outputs.js';
import type { RemoteSession } from '../remote-session.js';
import type { RunSink } from '../run-receiver.js';
import { toAgent } from './comm-messages.js';

/** How long a message waits for a session that is being opened, and a taken-over session for its list. Milliseconds. */
const OPENING_BOUND_MS = 5000;
const LIST_BOUND_MS = 2000;

/**
 * Hands a message of the front end to the session. What its callbacks print and show goes to `output`.
 *
 * @returns False when the session knows neither the comm nor the target that was to be opened.
 * @throws {ClientError}, {BridgeError} when the session could not be asked.
 */
export async function deliverComm(
  { agent, session }: { readonly agent: Agent; readonly session: RemoteSession },
  message: CommMessage,
  output: ExecuteOutput,
  signal: AbortSignal,
): Promise<boolean> {
  const { settings } = session.configuration;
  if (agent.comms === undefined || settings.display === 'plain') return false;
  // Without a session that is there nothing of ours can know the comm: none is opened for it.
  const live = await session.soon(OPENING_BOUND_MS);
  if (live === undefined) return false;
  const replies: JsonObject[] = [];
  const code = agent.comms.messageCode(toAgent(message), output.requestId);
  try {
    await live.call(code, collectReplies(output, replies), signal, settings);
  } catch (error) {
    throw await session.explain(error);
  }
  // An interrupted callback sends no reply; its comm is there all the same.
  return replies[0]?.['handled'] !== false;
}

function collectReplies(output: ExecuteOutput, replies: JsonObject[]): RunSink {
  const sink = createRunSink(output, 'drop');
  return {
    ...sink,
    message: (message) => {
      if (message.type === 'reply') replies.push(message.content);
      else sink.message(message);
    },
  };
}

/** Another session is used from now on: the comms of the one before are closed, those of this one are made known. */
export async function switchComms(
  host: CommHost,
  agent: Agent,
  live: LiveSession | undefined,
): Promise<void> {
  // The comms that are open are those of the notebook's session in the other language.
  if (agent.comms === undefined) return;
  host.closeAll();
  if (live === undefined || live.isNew) return;
  const code = agent.comms.listCode();
  const reply = await live.query(() => code, LIST_BOUND_MS);
  for (const [commId, targetName] of Object.entries(reply?.['comms'] ?? {})) {
    if (typeof targetName === 'string') host.adopt(commId, targetName);
  }
}
