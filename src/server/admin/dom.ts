// Makes elements. Text becomes text nodes only: nothing that a server or a user wrote is ever read as HTML.

/** What an element may hold; an absent child is left out. */
export type Child = Node | string | undefined;
/** `true` writes an attribute without a value, `false` and undefined leave it out. */
export type Attributes = Readonly<Record<string, string | boolean | undefined>>;

/** An element with its attributes and children. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? '' : value);
    }
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A button that is out of use while its action goes on; what the action throws is shown as a notice. */
export function button(
  label: string,
  action: () => Promise<void> | void,
  attributes: Attributes = {},
): HTMLButtonElement {
  const element = make('button', { type: 'button', ...attributes }, label);
  element.addEventListener('click', () => {
    void guard(element, action);
  });
  return element;
}

/** A form whose fields stay in reach of the keyboard: Enter sends it. */
export function onSubmit(form: HTMLFormElement, action: () => Promise<void>): void {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const submit = form.querySelector<HTMLButtonElement>('button[type=submit]');
    if (submit !== null && !submit.disabled) void guard(submit, action);
  });
}

async function guard(element: HTMLButtonElement, action: () => Promise<void> | void) {
  element.disabled = true;
  try {
    await action();
  } catch (error) {
    notify(wordsOf(error), 'bad');
  } finally {
    element.disabled = false;
  }
}

const NOTICE_MS = 8000;

/** Says something at the lower edge of the page; screen readers read it out. */
export function notify(text: string, kind: 'good' | 'bad' = 'good'): void {
  const notice = make('p', { class: `notice ${kind}` }, text);
  document.querySelector('#notices')?.replaceChildren(notice);
  setTimeout(() => {
    notice.remove();
  }, NOTICE_MS);
}

/** The message of whatever was thrown. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Asks before something is lost. Escape means no. */
export async function confirm(question: string, yes: string): Promise<boolean> {
  const dialog = make('dialog', { 'aria-label': question });
  const form = make(
    'form',
    { method: 'dialog' },
    make('p', {}, question),
    make(
      'div',
      { class: 'row end' },
      make('button', { value: 'no', autofocus: true }, 'Cancel'),
      make('button', { value: 'yes', class: 'danger' }, yes),
    ),
  );
  dialog.append(form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    dialog.showModal();
  });
}

/** A table; a caption for screen readers, headings, and rows of cells. */
export function table(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly Child[])[],
  attributes: Attributes = {},
): HTMLElement {
  const head = headings.map((text) => make('th', { scope: 'col' }, text));
  const body = rows.map((cells) =>
    make(
      'tr',
      {},
      ...cells.map((cell, index) => make('td', { 'data-label': headings[index] }, cell)),
    ),
  );
  return make(
    'table',
    attributes,
    make('caption', { class: 'unseen' }, caption),
    make('thead', {}, make('tr', {}, ...head)),
    make('tbody', {}, ...body),
  );
}

/** Lets the browser save bytes under a name. */
export function saveAs(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  make('a', { href: url, download: name }).click();
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, NOTICE_MS);
}

/** Copies text; where the browser forbids it (no HTTPS) the text is selected instead. */
export async function copy(source: HTMLElement): Promise<void> {
  try {
    await navigator.clipboard.writeText(source.textContent);
    notify('Copied.');
  } catch {
    getSelection()?.selectAllChildren(source);
    notify('Selected: copy it with the keyboard.');
  }
}
