// connect: the ports, for clients older than protocol 5.1.

/** Ports as bound; with ipc they are the numbers at the end of the socket files' names. */
export interface BoundPorts {
  readonly shell: number;
  readonly iopub: number;
  readonly stdin: number;
  readonly control: number;
  readonly heartbeat: number;
}

/** @see https://jupyter-client.readthedocs.io/en/stable/messaging.html#connect */
export function connectReply(ports: BoundPorts): object {
  return {
    status: 'ok',
    shell_port: ports.shell,
    iopub_port: ports.iopub,
    stdin_port: ports.stdin,
    control_port: ports.control,
    hb_port: ports.heartbeat,
  };
}
