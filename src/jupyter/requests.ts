// The requests that do not wait for cells: one handler each.
import { messageOf } from '../base/index.js';
import type { CommManager } from './comms.js';
import type { DebugResult, Interpreter } from './interpreter.js';
import { commInfoReply, readCommInfoRequest } from './protocol/comm.js';
import { completeReply, readCursorRequest } from './protocol/complete.js';
import { connectReply, type BoundPorts } from './protocol/connect.js';
import { debugReply, readDebugRequest } from './protocol/debug.js';
import { historyReply, readHistoryRequest } from './protocol/history.js';
import { inspectReply, readInspectRequest } from './protocol/inspect.js';
import { interruptReply } from './protocol/interrupt.js';
import { isCompleteReply, readIsCompleteRequest } from './protocol/is-complete.js';
import { kernelInfoReply } from './protocol/kernel-info.js';
import type { IncomingMessage, Reply } from './protocol/message.js';
import {
  createSubshellReply,
  deleteSubshellReply,
  listSubshellReply,
  readDeleteSubshellRequest,
  subshellOf,
} from './protocol/subshell.js';
import { usageReply } from './protocol/usage.js';
import type { Shells } from './shells.js';
import type { RequestChannel } from './transport/transport.js';
import type { UsageMeter } from './usage-meter.js';

/** Answers one request; `undefined` when it was answered already. */
export type Handler = (
  request: IncomingMessage,
  channel: RequestChannel,
) => Reply | undefined | Promise<Reply | undefined>;

/** What handlers work with. */
export interface RequestContext {
  readonly interpreter: Interpreter;
  readonly shells: Shells;
  readonly comms: CommManager;
  readonly usage: UsageMeter;
  readonly ports: () => BoundPorts;
  /** The number of the next debug message. */
  readonly nextDebugSeq: () => number;
  /** Answers it, then shuts the kernel down. */
  readonly shutdown: Handler;
}

/** Handlers by channel and message type. A type that is absent is unknown. */
export type Handlers = Readonly<Record<RequestChannel, ReadonlyMap<string, Handler>>>;

/** Makes the handlers of one kernel. */
export function createHandlers(context: RequestContext): Handlers {
  const { shells, usage, ports, comms, shutdown } = context;
  const kernelInfo: Handler = () => ({ content: kernelInfoReply(context.interpreter.info) });
  return {
    shell: new Map<string, Handler>([
      ['kernel_info_request', kernelInfo],
      ['connect_request', () => ({ content: connectReply(ports()) })],
      ['shutdown_request', shutdown],
      [
        'comm_info_request',
        ({ content }) => ({ content: commInfoReply(comms.list(readCommInfoRequest(content))) }),
      ],
      ...languageHandlers(context.interpreter),
    ]),
    control: new Map<string, Handler>([
      ['kernel_info_request', kernelInfo],
      ['shutdown_request', shutdown],
      ['usage_request', () => ({ content: usageReply(usage.measure()) })],
      ['debug_request', (request) => debug(request, context)],
      [
        'interrupt_request',
        () => {
          shells.interrupt();
          return { content: interruptReply() };
        },
      ],
      ...subshellHandlers(shells),
    ]),
    stdin: new Map(),
  };
}

function languageHandlers(interpreter: Interpreter): readonly [string, Handler][] {
  return [
    [
      'complete_request',
      async ({ content }) => {
        const { code, cursor } = readCursorRequest(content);
        return { content: completeReply(code, await interpreter.complete(code, cursor)) };
      },
    ],
    [
      'inspect_request',
      async ({ content }) => {
        const { code, cursor, detailLevel } = readInspectRequest(content);
        return { content: inspectReply(await interpreter.inspect(code, cursor, detailLevel)) };
      },
    ],
    [
      'is_complete_request',
      async ({ content }) => {
        const { code } = readIsCompleteRequest(content);
        return { content: isCompleteReply(await interpreter.isComplete(code)) };
      },
    ],
    [
      'history_request',
      async ({ content, header }) => {
        const subshellId = subshellOf(header);
        const request = readHistoryRequest(content);
        const asked = subshellId === undefined ? request : { ...request, subshellId };
        return { content: historyReply(await interpreter.history(asked)) };
      },
    ],
  ];
}

function subshellHandlers(shells: Shells): readonly [string, Handler][] {
  return [
    ['create_subshell_request', () => ({ content: createSubshellReply(shells.create()) })],
    [
      'delete_subshell_request',
      ({ content }) => {
        shells.delete(readDeleteSubshellRequest(content));
        return { content: deleteSubshellReply() };
      },
    ],
    ['list_subshell_request', () => ({ content: listSubshellReply(shells.ids) })],
  ];
}

async function debug({ content }: IncomingMessage, context: RequestContext): Promise<Reply> {
  const { interpreter, nextDebugSeq } = context;
  const request = readDebugRequest(content);
  let result: DebugResult;
  try {
    const { command, arguments: given } = request;
    result = (await interpreter.debug?.({ command, arguments: given })) ?? {
      success: false,
      message: 'There is no debugger.',
    };
  } catch (error) {
    result = { success: false, message: messageOf(error) };
  }
  return { content: debugReply(request, result, nextDebugSeq()) };
}
