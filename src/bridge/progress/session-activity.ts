// What is being done to have a session, in words for the person who waits for it.
import type { Language } from '../language/languages.js';

/** The work that goes on for one session life. */
export class SessionActivity {
  readonly #words: string[] = [];

  /** What goes on, e.g. `Starting an R session on http://r.example.com:12800`; the latest where there is more. */
  get words(): string | undefined {
    return this.#words.at(-1);
  }

  /** The work, and its words for as long as it lasts. */
  async during<T>(words: string, work: Promise<T>): Promise<T> {
    this.#words.push(words);
    try {
      return await work;
    } finally {
      this.#words.splice(this.#words.lastIndexOf(words), 1);
    }
  }
}

/** @param url - Absent: the embedded server. */
export function connectingTo(url: string | undefined): string {
  return url === undefined ? 'Starting the embedded server' : `Connecting to ${url}`;
}

/** @param url - Absent: the embedded server. */
export function startingSession({ runtimeType }: Language, url: string | undefined): string {
  const article = runtimeType === 'R' ? 'an' : 'a';
  return `Starting ${article} ${runtimeType} session${url === undefined ? '' : ` on ${url}`}`;
}

/** @param url - Absent: the embedded server. */
export function openingSession(name: string, url: string | undefined): string {
  return `Opening the session "${name}"${url === undefined ? '' : ` on ${url}`}`;
}
