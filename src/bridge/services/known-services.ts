// The web services that cells have seen, for completion: local knowledge that costs the server nothing.
import type { WebServiceInfo } from '../../client/index.js';
import type { RemoteClient } from '../remote-client.js';

/** What is known of each server's services. It goes with the connection. */
export class KnownServices {
  readonly #byClient = new WeakMap<RemoteClient, readonly WebServiceInfo[]>();

  /** Takes in a list; of the services in it, and of `name` if given, nothing else is kept. */
  keep(client: RemoteClient, seen: readonly WebServiceInfo[], name?: string): void {
    const names = new Set([...seen.map((service) => service.name), ...(name ? [name] : [])]);
    const others = this.all(client).filter((service) => !names.has(service.name));
    this.#byClient.set(client, [...others, ...seen]);
  }

  /** Takes in the list of all services. */
  keepAll(client: RemoteClient, seen: readonly WebServiceInfo[]): void {
    this.#byClient.set(client, seen);
  }

  /** What was seen last; empty when nothing was. */
  all(client: RemoteClient | undefined): readonly WebServiceInfo[] {
    return (client && this.#byClient.get(client)) ?? [];
  }
}
